//! The folder `.wick` inside an output folder: receipts, built binaries, the lock. Unreadable receipts count as none.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::failure::Failure;
use crate::model::plan::Unit;
use crate::model::receipt::{BuildReceipt, PackageReceipt, RECEIPT_SCHEMA};
use crate::sys::files::{self, FileError, Lock, Scratch};

/// An output folder that this run owns.
pub struct Store {
    output: PathBuf,
    _lock: Lock,
}

impl Store {
    /// Makes the folder where needed and locks it. `waiting` is called once when another wick has it.
    ///
    /// # Errors
    /// When the folder can't be made or locked.
    pub fn open(output: &Path, waiting: impl FnOnce()) -> Result<Store, FileError> {
        let inner = output.join(".wick");
        for place in ["receipts", "build", "tmp"] {
            files::stay_inside(output, &inner.join(place))?;
        }
        files::create_folder(&inner)?;
        let path = inner.join("lock");
        let lock = match Lock::try_take(&path)? {
            Some(lock) => lock,
            None => {
                waiting();
                Lock::take(&path)?
            }
        };
        // What a killed run left; nobody else can be using it now.
        files::remove(&inner.join("tmp"))?;
        let ignore = inner.join(".gitignore");
        if !files::is_file(&ignore) {
            files::write_atomic(&ignore, b"*\n", 0o644)?;
        }
        Ok(Store { output: output.to_owned(), _lock: lock })
    }

    /// The output folder.
    #[must_use]
    pub fn output(&self) -> &Path {
        &self.output
    }

    /// A scratch folder on the output's file system.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch(&self) -> Result<Scratch, FileError> {
        Scratch::within(&self.output.join(".wick/tmp"))
    }

    fn receipt_path(&self, unit: &Unit, what: &str) -> PathBuf {
        receipt_path(&self.output, unit, what)
    }

    fn read<T: DeserializeOwned>(&self, unit: &Unit, what: &str) -> Option<T> {
        serde_json::from_slice(&files::read(&self.receipt_path(unit, what)).ok()?).ok()
    }

    /// What the unit's binary was made from, if it is known.
    #[must_use]
    pub fn build_receipt(&self, unit: &Unit) -> Option<BuildReceipt> {
        self.read(unit, "build").filter(|receipt: &BuildReceipt| receipt.schema == RECEIPT_SCHEMA)
    }

    /// Keeps what the unit's binary was made from.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_build(&self, unit: &Unit, receipt: &BuildReceipt) -> Result<(), Failure> {
        write(&self.output, unit, "build", receipt)
    }

    /// Forgets what the unit's binary was made from, so that it is built again.
    ///
    /// # Errors
    /// When the receipt stays.
    pub fn forget_build(&self, unit: &Unit) -> Result<(), FileError> {
        files::remove(&self.receipt_path(unit, "build"))
    }

    /// What the unit's package was made from, if it is known.
    #[must_use]
    pub fn package_receipt(&self, unit: &Unit) -> Option<PackageReceipt> {
        self.read(unit, "package").filter(|receipt: &PackageReceipt| receipt.schema == RECEIPT_SCHEMA)
    }

    /// Keeps what the unit's package was made from, in the folder where the package lies.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_package(&self, folder: &Path, unit: &Unit, receipt: &PackageReceipt) -> Result<(), Failure> {
        write(folder, unit, "package", receipt)
    }
}

fn receipt_path(folder: &Path, unit: &Unit, what: &str) -> PathBuf {
    folder.join(".wick/receipts").join(format!("{}.{what}.json", unit.id()))
}

fn write(folder: &Path, unit: &Unit, what: &str, receipt: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(receipt).expect("receipts are plain data");
    Ok(files::write_output(folder, &receipt_path(folder, unit, what), text.as_bytes(), 0o644)?)
}
