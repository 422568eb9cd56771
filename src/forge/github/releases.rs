//! Reading releases: page by page, or one by number.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::GitHub;
use super::call::Ask;
use super::wire::ReleaseWire;
use crate::forge::error::ForgeError;
use crate::model::release::Release;
use crate::sys::http::address;

impl GitHub {
    /// Every release, all pages, newest first; drafts too where the token may see them.
    ///
    /// # Errors
    /// When a page can't be had; never a part of the list.
    pub fn releases(&self) -> Result<Vec<Release>, ForgeError> {
        let mut all = Vec::new();
        self.each_release(|release| {
            all.push(release);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// One release by number, with all its assets.
    ///
    /// # Errors
    /// When there is none of that number, or GitHub can't be asked.
    pub fn release(&self, id: u64) -> Result<Release, ForgeError> {
        let what = format!("read release {id} of {}", self.access.repository);
        let answer = self.call(&Ask::get(&what, self.address(&format!("/releases/{id}"))))?;
        Ok(self.parse::<ReleaseWire>(&what, &answer)?.into())
    }

    /// The published release under a tag, if there is one. Drafts can't be found by their tag.
    ///
    /// # Errors
    /// When GitHub can't be asked.
    pub fn published(&self, tag: &str) -> Result<Option<Release>, ForgeError> {
        let what = format!("read the release {tag} of {}", self.access.repository);
        let url = self.address(&format!("/releases/tags/{}", address::encode_path(tag)));
        match self.call_if_there(&Ask::get(&what, url))? {
            Some(answer) => Ok(Some(self.parse::<ReleaseWire>(&what, &answer)?.into())),
            None => Ok(None),
        }
    }

    /// Hands over the releases, newest first, each once, until told to stop.
    pub(super) fn each_release(
        &self,
        mut take: impl FnMut(Release) -> ControlFlow<()>,
    ) -> Result<(), ForgeError> {
        let what = format!("list the releases of {}", self.access.repository);
        let mut url = self.address("/releases?per_page=100");
        // A release made while the list is read pushes another onto the next page.
        let (mut pages, mut seen) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let answer = self.call(&Ask::get(&what, url.clone()))?;
            for wire in self.parse::<Vec<ReleaseWire>>(&what, &answer)? {
                let release = Release::from(wire);
                if seen.insert(release.id) && take(release).is_break() {
                    return Ok(());
                }
            }
            let Some(next) = answer.header("link").and_then(next_page) else { return Ok(()) };
            let wrong = |why: &str| ForgeError::Unreadable { what: what.clone(), why: why.to_owned() };
            if address::origin(next).ok() != address::origin(&url).ok() {
                return Err(wrong("its next page is at another address"));
            }
            // GitHub stops at 10,000 releases, which are 100 pages; a double or a proxy may not.
            if !pages.insert(next.to_owned()) || next == url {
                return Err(wrong("its pages go in circles"));
            }
            next.clone_into(&mut url);
        }
    }
}

/// The address of the next page in a `Link` header (RFC 8288).
/// <https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api>
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|one| {
        let (target, parameters) = one.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
        parameters.split(';').any(is_next).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_others() {
        let link = r#"<https://h/r?page=1>; rel="prev", <https://h/r?page=3>; rel="next", <https://h/r?page=9>; rel="last""#;
        assert_eq!(next_page(link), Some("https://h/r?page=3"));
        assert_eq!(next_page(r#"<https://h/r?page=1>; rel="first""#), None);
        assert_eq!(next_page(""), None);
    }
}
