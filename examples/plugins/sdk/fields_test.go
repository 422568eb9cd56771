package sdk

import (
	"reflect"
	"strings"
	"testing"
)

type sample struct {
	Token  string  `json:"token" wick:"secret;required;desc=From the account's page"`
	Unit   string  `json:"unit" wick:"dropdown=metric|imperial;default=metric;desc=Of numbers"`
	Days   int     `json:"days,omitempty" wick:"default=3;desc=How many"`
	Wind   bool    `json:"wind" wick:"desc=Wind too"`
	Factor float64 `json:"factor" wick:"desc=Scale"`
	Page   string  `json:"page" wick:"url;desc=Its address"`
	Own    string
}

func TestFieldsAreRows(t *testing.T) {
	want := []Config{
		{Key: "token", Type: "secret", IsSecret: true, Required: true, Description: "From the account's page"},
		{Key: "unit", Type: "dropdown", Options: "metric|imperial", Value: "metric", Description: "Of numbers"},
		{Key: "days", Type: "number", Value: "3", Description: "How many"},
		{Key: "wind", Type: "checkbox", Description: "Wind too"},
		{Key: "factor", Type: "number", Description: "Scale"},
		{Key: "page", Type: "url", Description: "Its address"},
	}
	if got := Fields[sample](); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestSettingsAreReadWithTheirDefaults(t *testing.T) {
	got, err := Settings[sample](map[string]string{"token": "t", "wind": "true", "factor": "1.5", "days": ""})
	if want := (sample{Token: "t", Unit: "metric", Days: 3, Wind: true, Factor: 1.5}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = Settings[sample](map[string]string{"days": "secret"})
	if err == nil || !strings.Contains(err.Error(), "`days` must be of type int") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestTagsThatMeanNothingPanic(t *testing.T) {
	for want, declare := range map[string]func(){
		"means nothing": func() {
			Fields[struct {
				A string `json:"a" wick:"reqired"`
			}]()
		},
		"no json name": func() {
			Fields[struct {
				A string `wick:"required"`
			}]()
		},
		"no form": func() {
			Fields[struct {
				A []string `json:"a" wick:"required"`
			}]()
		},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("want %q, got %q", want, text)
				}
			}()
			declare()
		}()
	}
}
