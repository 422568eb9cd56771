//! Figures of damp air. Temperatures are in °C, humidity in percent.

/// Where water starts to condense (Magnus formula).
pub fn dew_point(temperature: f64, humidity: f64) -> f64 {
    const A: f64 = 17.62;
    const B: f64 = 243.12;
    let gamma = (humidity / 100.0).ln() + A * temperature / (B + temperature);
    B * gamma / (A - gamma)
}

/// How hot it feels (Rothfusz regression). Below 27 °C the regression has no meaning, the air itself has.
pub fn heat_index(temperature: f64, humidity: f64) -> f64 {
    if temperature < 27.0 {
        return temperature;
    }
    let (t, h) = (temperature * 1.8 + 32.0, humidity);
    let f = -42.379 + 2.049_015_23 * t + 10.143_331_27 * h
        - 0.224_755_41 * t * h
        - 6.837_83e-3 * t * t
        - 5.481_717e-2 * h * h
        + 1.228_74e-3 * t * t * h
        + 8.528_2e-4 * t * h * h
        - 1.99e-6 * t * t * h * h;
    (f - 32.0) / 1.8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() < 0.15, "want {want}, got {got}");
    }

    #[test]
    fn agrees_with_published_tables() {
        near(dew_point(25.0, 60.0), 16.7);
        near(dew_point(0.0, 100.0), 0.0);
        near(heat_index(32.2, 70.0), 41.0);
        near(heat_index(20.0, 90.0), 20.0);
    }
}
