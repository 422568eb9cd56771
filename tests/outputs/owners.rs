//! Whose file it is: what a CI service or a user owns is written to as they made it; wick's own outputs replace what
//! stands under their names and never leave their folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use github_double::{Config, Double};

use crate::repo::{self, Folder, Repo};

fn scene() -> Repo {
    let repo = Repo::empty();
    repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
    repo.go_plugin("connector", "alpha", None);
    repo
}

fn is_link(path: &std::path::Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}

/// GITHUB_OUTPUT as a link, with what stands there already, missing, and as things that no file can replace.
#[test]
fn what_a_service_named_is_appended_to() {
    let repo = scene();
    let plan = |output: &str| {
        let args = ["plugin", "plan", "alpha", "--target", "linux/amd64"];
        repo.wick(&args).env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", output)
    };
    repo.write("real.txt", "before=1\n");
    symlink("real.txt", repo.path("link.txt")).unwrap();
    symlink("made.txt", repo.path("dangling.txt")).unwrap();
    for name in ["link.txt", "dangling.txt", "new.txt", "link.txt"] {
        plan(name).run().expect_code(0);
    }
    let lines = |name: &str| {
        let text = repo.read(name);
        text.lines().map(|line| line.split('=').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines("real.txt"), ["before", "matrix", "any", "matrix", "any"]);
    assert_eq!(lines("made.txt"), ["matrix", "any"]);
    assert_eq!(lines("new.txt"), ["matrix", "any"]);
    assert!(is_link(&repo.path("link.txt")) && is_link(&repo.path("dangling.txt")));
    plan("/dev/null").run().expect_code(0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    for lost in ["/no/such/folder/file", ".", "/dev/full"] {
        if lost == "/dev/full" && !cfg!(target_os = "linux") {
            continue;
        }
        // The answer itself is still given.
        let ran = plan(lost).run().expect_code(5).says(&["error: can't write "]);
        assert!(ran.stdout.contains("linux/amd64"), "{ran}");
    }
}

/// A runner's step summary can be a single file that is mounted: it can be written, and not be replaced.
#[test]
#[cfg(target_os = "linux")]
fn a_mounted_file_is_written_to() {
    let test = "a_mounted_file_is_written_to";
    let script = "mount --bind \"$A\" \"$B\" && exec \"$@\"";
    let unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"];
    let repo = scene();
    repo.write("a.txt", "");
    repo.write("b.txt", "");
    let (a, b) = (repo.path("a.txt"), repo.path("b.txt"));
    let mut mounts = std::process::Command::new(unshare[0]);
    mounts.args(&unshare[1..]).arg("true").env("A", &a).env("B", &b);
    if !mounts.output().is_ok_and(|output| output.status.success()) {
        return repo::skip(test, "nothing can be mounted here");
    }
    let plan = ["plugin", "plan", "alpha", "--target", "linux/amd64"];
    let run =
        repo.wick(&plan).env("A", &a).env("B", &b).env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &b);
    run.through(&unshare).run().expect_code(0);
    assert!(repo.read("a.txt").contains("matrix="));
    // A catalog, as a user's file, likewise.
    let double = Double::start(Config::default());
    let catalog = ["plugin", "catalog", "--repo", "octo/plugins", "--out", "b.txt"];
    repo.write("a.txt", "[]\n\n");
    let run = repo.wick(&catalog).env("A", &a).env("B", &b).env("GITHUB_API_URL", double.api_url());
    run.through(&unshare).run().expect_code(0);
    assert_eq!(repo.read("a.txt"), "[]\n");
}

#[test]
fn a_users_file_stays_where_its_link_leads() {
    let repo = scene();
    let double = Double::start(Config::default());
    repo.write("public/list.json", "[]\n\n");
    fs::set_permissions(repo.path("public/list.json"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("public/list.json", repo.path("plugins.json")).unwrap();
    let catalog = ["plugin", "catalog", "--repo", "octo/plugins"];
    repo.wick(&catalog).env("GITHUB_API_URL", double.api_url()).run().expect_code(0);
    assert!(is_link(&repo.path("plugins.json")));
    assert_eq!(repo.read("public/list.json"), "[]\n");
    let mode = fs::metadata(repo.path("public/list.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A key is never written over, nor through a link.
    let folder = Folder::new();
    symlink(folder.path().join("elsewhere.key"), repo.path("my.key")).unwrap();
    repo.wick(&["plugin", "keygen", "-o", "my.key"]).run().expect_code(7);
    assert!(!folder.path().join("elsewhere.key").exists());
}

#[test]
fn outputs_never_leave_their_folder() {
    if repo::lacks("outputs_never_leave_their_folder", &["go"]) {
        return;
    }
    let repo = scene();
    let target = repo::this_machine();
    let build = || repo.wick(&["plugin", "build", "alpha", "--target", target]).run();
    let outside = Folder::new();
    for place in ["bin/.wick", "bin/.wick/receipts", "bin/.wick/build", "bin/.wick/tmp"] {
        let path = repo.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(outside.path(), &path).unwrap();
        build().expect_code(5).says(&["it is a link that leads out of the output folder"]);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "{place}");
        fs::remove_dir_all(repo.path("bin")).unwrap();
    }
    // What stands under an output's own name is replaced, a link too; the folder itself may be one.
    let zip = format!("alpha-0.1.0-{}.zip", target.replace('/', "-"));
    fs::create_dir_all(outside.path().join("out")).unwrap();
    symlink(outside.path().join("out"), repo.path("bin")).unwrap();
    for name in [&zip, "checksums.txt"] {
        fs::write(outside.path().join(name), "somebody's").unwrap();
        symlink(outside.path().join(name), repo.path("bin").join(name)).unwrap();
    }
    build().expect_code(0);
    for name in [&zip, "checksums.txt"] {
        assert!(!is_link(&repo.path("bin").join(name)), "{name}");
        assert_eq!(fs::read_to_string(outside.path().join(name)).unwrap(), "somebody's");
    }
}
