//! Sign: a bundle over each zip, in a file beside it (`<zip>.sigstore.json`). It works on what receipts tell, so that it
//! can be done on another machine than the build. A bundle that still fits is kept; one over other bytes goes, whether
//! or not somebody signs now: beside a zip lies nothing that isn't true of it.

use std::collections::BTreeMap;

use super::packages::Kept;
use super::parallel::{self, OnFailure};
use super::verify::sidecars;
use super::{Freshness, Run};
use crate::model::bundle::{BUNDLE_MAX, BUNDLE_SUFFIX, Bundle, Identity};
use crate::model::digest::Sha256;
use crate::model::event::Listener;
use crate::model::failure::{Failure, FailureKind};
use crate::model::package::{PACKAGE_MAX, beside};
use crate::signer::{self, Signer, check};
use crate::sys::files;

/// What is signed by whom.
pub struct Request<'a> {
    /// Who signs; with nobody, only what is stale goes.
    pub signer: Option<&'a dyn Signer>,
    /// The packages.
    pub kept: &'a [Kept],
    /// Whether a bundle that fits is kept.
    pub freshness: Freshness,
    /// How many are signed at once.
    pub jobs: usize,
    /// Whether a failure ends the phase.
    pub on_failure: OnFailure,
    /// Who is told.
    pub listener: Listener<'a>,
}

impl<'a> Request<'a> {
    /// The wishes of a run, without signer and packages.
    #[must_use]
    pub fn of(run: &Run<'a>) -> Request<'a> {
        Request {
            signer: None,
            kept: &[],
            freshness: run.freshness,
            jobs: run.plan.jobs,
            on_failure: run.on_failure,
            listener: run.listener,
        }
    }
}

/// The results by the packages' names: who signed the bundle that lies there now, or nothing where there is none.
pub type Bundles = BTreeMap<String, Result<Option<Identity>, Failure>>;

/// Signs what has no bundle by this signer that fits. Packages whose step was not tried are missing in the result.
#[must_use]
pub fn sign(request: &Request<'_>) -> Bundles {
    let name = |kept: &Kept| kept.receipt.package.clone();
    let Some(signer) = request.signer else {
        return request.kept.iter().map(|kept| (name(kept), clear(kept).map(|()| None))).collect();
    };
    let results = parallel::each(
        "sign",
        request.kept,
        request.jobs,
        request.on_failure,
        request.listener,
        Kept::label,
        |kept| {
            let result =
                sign_one(signer, kept, request.freshness).map_err(|failure| failure.context(kept.label()));
            let outcome = parallel::outcome(&result, |(identity, how)| format!("{how}{identity}"));
            (result.map(|(identity, _)| identity), outcome)
        },
    );
    let named = request.kept.iter().map(name).zip(results);
    named.filter_map(|(name, result)| Some((name, result?.map(Some)))).collect()
}

/// Who signed, and for people whether it was there already.
fn sign_one(
    signer: &dyn Signer,
    kept: &Kept,
    freshness: Freshness,
) -> Result<(Identity, &'static str), Failure> {
    let path = beside(&kept.path(), BUNDLE_SUFFIX);
    let bytes = files::read_capped(&kept.path(), PACKAGE_MAX)?;
    if Sha256::of(&bytes) != kept.receipt.sha256 {
        let message = format!("{} was altered after it was packed, so it isn't signed", kept.receipt.package);
        return Err(Failure::new(FailureKind::Step, message).hint("run again: it will be packed anew"));
    }
    if freshness == Freshness::Trust
        && let Some(identity) = fitting(signer, kept, &bytes)
    {
        return Ok((identity, "is there, by "));
    }
    let signed = signer::sign_blob(signer, &bytes);
    if signed.is_err() {
        // What is stale goes even then.
        clear(kept)?;
    }
    let signed = signed?;
    files::write_output(&kept.folder, &path, signed.bundle.to_json().as_bytes(), 0o644)?;
    Ok((signed.identity, ""))
}

/// Who signed the bundle that lies there, if it is over these bytes and this signer's.
fn fitting(signer: &dyn Signer, kept: &Kept, bytes: &[u8]) -> Option<Identity> {
    let text = files::read_capped(&beside(&kept.path(), BUNDLE_SUFFIX), BUNDLE_MAX).ok()?;
    let bundle = Bundle::read(&text).ok()?;
    check::is_about(&bundle, &kept.receipt.sha256).ok()?;
    let identity = check::blob(&signer.trust(), &bundle, bytes).ok()?;
    signer.identity().is_none_or(|own| own == identity).then_some(identity)
}

/// Removes a bundle that isn't over this zip, or can't be read. One that is stays, whoever signed it.
fn clear(kept: &Kept) -> Result<(), Failure> {
    let path = beside(&kept.path(), BUNDLE_SUFFIX);
    if files::kind(&path) == files::Kind::Missing {
        return Ok(());
    }
    let fits = files::read_capped(&path, BUNDLE_MAX)
        .is_ok_and(|text| sidecars::is_over(&text, &kept.receipt.sha256).is_ok());
    if fits { Ok(()) } else { Ok(files::remove(&path)?) }
}
