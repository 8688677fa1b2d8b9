"""What must not be lost: model files, backups, retention."""
