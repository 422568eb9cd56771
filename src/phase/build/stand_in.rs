//! wick in the place of cargo and the compilers that it starts: does what `toolchain::cargo::kit` decides. Started once per
//! crate, so nothing else of wick is read or set up.

use std::path::{Path, PathBuf};

use crate::model::failure::{Failure, FailureKind};
use crate::model::plan::Kit;
use crate::sys::{env, files, process};
use crate::toolchain::cargo::kit::{self, Rename, Role, Settings};

/// The longest file of arguments that is read.
const ARGUMENTS_MAX: u64 = 64 << 20;

/// Plays a role when wick was started under its name; gives the exit code of what it stands for.
#[must_use]
pub fn play(args: &[String]) -> Option<Result<u8, Failure>> {
    let (program, args) = args.split_first()?;
    let program = Path::new(program);
    let role = Role::of(program)?;
    let folder = program.parent()?;
    Some(stand_in(role, folder, args).map_err(|failure| failure.context(role.name())))
}

fn stand_in(role: Role, folder: &Path, args: &[String]) -> Result<u8, Failure> {
    let text = files::read_text(&folder.join(kit::SETTINGS))?;
    let mut settings: Settings = serde_json::from_str(&text).map_err(|error| {
        Failure::new(FailureKind::Bug, format!("{} is unreadable: {error}", kit::SETTINGS))
    })?;
    // Compilers see folders as they are, people as they are linked.
    let pairs = settings.places.iter().flat_map(|(folder, name)| {
        let folder = PathBuf::from(folder);
        let real = files::canonical(&folder).ok();
        [Some(folder), real].into_iter().flatten().map(|folder| (folder, name.as_str()))
    });
    settings.places = kit::places(&pairs.collect::<Vec<_>>());
    // C compilers read such files by other rules, and are handed them as they are.
    let (args, from_file) = if role == Role::Rustc { spelled_out(args)? } else { (args.to_vec(), None) };
    let variables = env::variables();
    let variable = |name: &str| variables.get(name).cloned();
    let act = kit::act(role, &settings, folder, &args, &variable, &|path| {
        let bytes = files::read_capped(Path::new(path), ARGUMENTS_MAX).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    });
    let mut line = act.line;
    if let Some(file) = from_file {
        // Too long for a command line before, too long now.
        let first = if settings.wrapper.is_some() { 1 } else { 0 };
        let file = PathBuf::from(format!("{file}.wick"));
        let rest = line.args.split_off(first.min(line.args.len()));
        files::write_atomic(&file, rest.join("\n").as_bytes(), 0o644)?;
        line.args.push(format!("@{}", file.display()));
    }
    if let Some(rename) = &act.rename {
        files::create_folder(&rename.from)?;
    }
    let code = process::stand_for(&line)?;
    if let Some(rename) = &act.rename {
        if code == 0 {
            hand_over(rename)?;
        }
        files::remove(&rename.from)?;
    }
    Ok(code)
}

/// The arguments that cargo put into a file, one in a line, because a command line has an end.
fn spelled_out(args: &[String]) -> Result<(Vec<String>, Option<String>), Failure> {
    let (mut all, mut file) = (Vec::new(), None);
    for arg in args {
        match arg.strip_prefix('@').filter(|path| files::is_file(Path::new(path))) {
            Some(path) => {
                let bytes = files::read_capped(Path::new(path), ARGUMENTS_MAX)?;
                all.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
                file = Some(path.to_owned());
            }
            None => all.push(arg.clone()),
        }
    }
    Ok((all, file))
}

fn hand_over(rename: &Rename) -> Result<(), Failure> {
    for name in files::list(&rename.from)? {
        let rest = name.strip_prefix(&rename.stem);
        let new = rest.map_or(name.clone(), |rest| format!("{}{}{rest}", rename.stem, rename.suffix));
        let to = rename.to.join(new);
        files::remove(&to)?;
        files::rename(&rename.from.join(&name), &to)?;
    }
    Ok(())
}

/// Puts a step's tools where its compiler looks for them.
pub(super) fn lay(kit: &Kit) -> Result<(), Failure> {
    files::create_folder(&kit.folder)?;
    for (name, program) in &kit.programs {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        files::link_program(program, &kit.folder.join(name))?;
    }
    let (name, text) = &kit.settings;
    let path = kit.folder.join(name);
    if !files::read_text(&path).is_ok_and(|there| there == *text) {
        files::write_atomic(&path, text.as_bytes(), 0o644)?;
    }
    Ok(())
}
