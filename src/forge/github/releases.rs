//! Reading releases: page by page, or one by number.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::GitHub;
use super::call::Ask;
use super::wire::ReleaseWire;
use crate::forge::error::ForgeError;
use crate::model::release::Release;
use crate::sys::http::address;

/// How many releases a page has when it is full; the most that GitHub gives.
const PER_PAGE: usize = 100;
/// GitHub stops at 10,000 releases, which are 100 pages; a server whose pages don't end is none.
const MOST_PAGES: usize = 1_000;

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
        let first = self.address(&format!("/releases?per_page={PER_PAGE}"));
        let mut url = first.clone();
        // A release made while the list is read pushes another onto the next page.
        let (mut pages, mut seen) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let answer = self.call(&Ask::get(&what, url.clone()))?;
            let page = self.parse::<Vec<ReleaseWire>>(&what, &answer)?;
            let is_full = page.len() >= PER_PAGE;
            for wire in page {
                let release = Release::from(wire);
                if seen.insert(release.id) && take(release).is_break() {
                    return Ok(());
                }
            }
            pages.insert(url.clone());
            let next = match answer.header("link") {
                Some(link) => next_page(link).map(ToOwned::to_owned),
                // A full page without any link is the only one, or somebody on the way takes headers away; then a list
                // that ends here would be a part of the list.
                None => is_full.then(|| format!("{first}&page={}", pages.len() + 1)),
            };
            let Some(next) = next else { return Ok(()) };
            let wrong = |why: &str| ForgeError::Unreadable { what: what.clone(), why: why.to_owned() };
            if address::origin(&next).ok() != address::origin(&url).ok() {
                return Err(wrong("its next page is at another address"));
            }
            if pages.contains(&next) {
                return Err(wrong("its pages go in circles"));
            }
            if pages.len() >= MOST_PAGES {
                return Err(wrong(&format!("it has more than {MOST_PAGES} pages")));
            }
            url = next;
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
