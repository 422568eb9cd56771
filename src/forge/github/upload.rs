//! Uploading assets: streamed, verified, and resumed by what the release holds rather than by hope.

use std::path::Path;

use super::GitHub;
use super::call::Ask;
use super::retry::{Again, Failed, Tries};
use super::wire::AssetWire;
use crate::forge::error::ForgeError;
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::release::{Asset, Release};
use crate::sys::files;
use crate::sys::http::address::{encode, origin};
use crate::sys::http::{Body, Method, Response};

/// A file that is to become an asset.
struct Meant<'a> {
    name: &'a str,
    size: u64,
    digest: Sha256,
}

/// What a release holds under a name.
enum Standing {
    /// Nothing.
    Free,
    /// What is meant.
    Same(Asset),
    /// The rest of an upload that was cut; it blocks the name and holds nothing.
    /// <https://docs.github.com/rest/releases/assets#upload-a-release-asset>
    Rest(Asset),
    /// Something else.
    Other,
}

impl GitHub {
    /// Streams a file from disk into a release; `progress` is called with the bytes sent so far, from 0 at each try.
    /// After a failed try the half-uploaded (`starter`) asset is removed before the next. What is there already with
    /// the same bytes is not uploaded again.
    ///
    /// # Errors
    /// [`AlreadyExists`](ForgeError::AlreadyExists) when the name holds other bytes;
    /// [`Immutable`](ForgeError::Immutable) when the release can't be changed any more; when the file can't be read,
    /// GitHub refuses or can't be reached.
    pub fn upload(
        &self,
        release: &Release,
        name: &str,
        file: &Path,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Asset, ForgeError> {
        let what = format!("upload {name} to {}", release.tag);
        let (size, digest) = files::digest(file)
            .map_err(|error| ForgeError::File { what: what.clone(), why: Failure::from(error).message })?;
        let meant = Meant { name, size, digest };
        let ask = Ask {
            what: &what,
            method: Method::Post,
            url: format!("{}?name={}", release.upload_url, encode(name)),
            body: Body::File { path: file, size, content_type: content_type(name), progress },
        };
        self.check_upload_address(&what, release)?;
        let mut standing = self.standing(&release.assets, &meant)?;
        let mut tries = Tries::new(&self.pace);
        loop {
            match standing {
                Standing::Free => {}
                Standing::Same(asset) => return Ok(asset),
                Standing::Rest(asset) => self.delete_asset(&asset)?,
                Standing::Other => return Err(ForgeError::AlreadyExists { what }),
            }
            match self.once(&ask, &mut tries).and_then(|answer| self.arrived(&ask, &answer, &meant)) {
                Ok(asset) => return Ok(asset),
                Err(Failed::Final(error @ ForgeError::AlreadyExists { .. })) => {
                    tries.again(Again::once_more(error, true))?;
                }
                Err(Failed::Final(error)) => return Err(self.explained(error)),
                Err(Failed::Again(again)) if !again.may_be_done => {
                    tries.again(*again)?;
                    standing = Standing::Free;
                    continue;
                }
                Err(Failed::Again(again)) => tries.again(*again)?,
            }
            let now = self.release(release.id).map_err(|error| self.explained(error))?;
            standing = self.standing(&now.assets, &meant)?;
            // GitHub may refuse before it has read the body; then the connection breaks and the refusal is lost.
            if now.immutable && !matches!(standing, Standing::Same(_)) {
                return Err(ForgeError::Immutable {
                    what,
                    why: "the release is published and immutable".to_owned(),
                });
            }
        }
    }

    /// Removes an asset; nothing there is fine.
    ///
    /// # Errors
    /// When GitHub refuses or can't be reached.
    pub fn delete_asset(&self, asset: &Asset) -> Result<(), ForgeError> {
        let what = format!("remove {} from its release", asset.name.escape_debug());
        let url = self.address(&format!("/releases/assets/{}", asset.id));
        self.call_if_there(&Ask { what: &what, method: Method::Delete, url, body: Body::Empty }).map(|_| ())
    }

    /// The address comes from the server and is taken as it is (on Enterprise it is no neighbour of the API's), but a
    /// token that came here encrypted doesn't leave in the open.
    fn check_upload_address(&self, what: &str, release: &Release) -> Result<(), ForgeError> {
        let wrong = |why: String| ForgeError::Unreadable { what: what.to_owned(), why };
        let there = origin(&release.upload_url).map_err(|error| wrong(error.to_string()))?;
        let is_open = there.scheme == "http" && self.access.api_url.starts_with("https:");
        if is_open {
            Err(wrong(format!("uploads would go to {} without encryption", there.host)))
        } else {
            Ok(())
        }
    }

    /// What the release holds under the meant name.
    fn standing(&self, assets: &[Asset], meant: &Meant<'_>) -> Result<Standing, ForgeError> {
        let Some(asset) = assets.iter().find(|asset| asset.name == meant.name) else {
            return Ok(Standing::Free);
        };
        if !asset.complete {
            return Ok(Standing::Rest(asset.clone()));
        }
        if asset.size != meant.size {
            return Ok(Standing::Other);
        }
        // Servers that tell no digest are asked for the bytes.
        let digest = match asset.digest {
            Some(digest) => digest,
            None => Sha256::of(&self.whole(asset)?),
        };
        Ok(if digest == meant.digest { Standing::Same(asset.clone()) } else { Standing::Other })
    }

    /// Checks that what arrived is what was sent.
    fn arrived(&self, ask: &Ask<'_>, answer: &Response, meant: &Meant<'_>) -> Result<Asset, Failed> {
        let asset: Asset =
            self.parse::<AssetWire>(ask.what, answer).map_err(|error| Failed::again(error, true))?.into();
        let altered = |why: String| ForgeError::Altered { what: ask.what.to_owned(), why };
        // GitHub renames "special characters, non-alphanumeric characters, and leading or trailing periods"; under
        // another name nobody would find it again.
        if asset.name != meant.name {
            self.delete_asset(&asset)?;
            return Err(Failed::Final(altered(format!("GitHub named it `{}`", asset.name.escape_debug()))));
        }
        let why = if !asset.complete || asset.size != meant.size {
            format!("{} of {} bytes", asset.size, meant.size)
        } else if asset.digest.is_some_and(|digest| digest != meant.digest) {
            "its digest is another".to_owned()
        } else {
            return Ok(asset);
        };
        self.delete_asset(&asset)?;
        Err(Failed::again(altered(why), true))
    }
}

/// The media type of an asset by its name's end.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("zip") => "application/zip",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("gz" | "tgz") => "application/gzip",
        _ => "application/octet-stream",
    }
}
