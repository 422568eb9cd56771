//! Filling a repository without going through HTTP: for tests' beginnings and for benchmarks.

use crate::content::Content;
use crate::state::{Asset, AssetState, Release, State, Tag};

impl State {
    pub(crate) fn seed_tag(&mut self, name: &str, commit: &str, annotated: bool) {
        let points_to = if annotated { format!("{:040x}", self.next_id()) } else { commit.to_owned() };
        self.tags.insert(name.to_owned(), Tag { points_to, commit: commit.to_owned() });
    }

    pub(crate) fn seed_release(
        &mut self,
        tag: &str,
        draft: bool,
        assets: &[(&str, Content, Option<String>)],
    ) -> u64 {
        let id = self.next_id();
        let commit = self.resolve("main");
        let assets = assets
            .iter()
            .map(|(name, content, digest)| Asset {
                id: self.next_id(),
                name: (*name).to_owned(),
                state: AssetState::Uploaded,
                digest: digest.clone().filter(|_| self.digests),
                content_type: "application/zip".to_owned(),
                content: content.clone(),
            })
            .collect();
        if !draft {
            self.seed_tag(tag, &commit, false);
        }
        let release = Release {
            id,
            tag: tag.to_owned(),
            commit,
            title: tag.to_owned(),
            notes: String::new(),
            draft,
            prerelease: false,
            immutable: false,
            created_at: self.next_time(),
            published_at: (!draft).then(|| self.next_time()),
            assets,
        };
        self.releases.push(release);
        id
    }

    pub(crate) fn seed_starter(&mut self, release: u64, name: &str) {
        let asset = Asset {
            id: self.next_id(),
            name: name.to_owned(),
            state: AssetState::Starter,
            digest: None,
            content_type: "application/zip".to_owned(),
            content: Content::bytes(Vec::new()),
        };
        self.find(release).expect("a seeded release").assets.push(asset);
    }

    pub(crate) fn forget_digests(&mut self) {
        self.digests = false;
        for asset in self.releases.iter_mut().flat_map(|release| &mut release.assets) {
            asset.digest = None;
        }
    }

    pub(crate) fn remove_with_tag(&mut self, id: u64) {
        if let Some(at) = self.releases.iter().position(|release| release.id == id) {
            let release = self.releases.remove(at);
            self.tags.remove(&release.tag);
        }
    }
}
