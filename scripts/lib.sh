# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

# What the checking scripts share. To be sourced from the project's root directory.

# The project's own files that match the patterns: tracked, or new and not ignored.
project_files() {
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r file; do
        [[ ! -f $file ]] || printf '%s\n' "$file"
    done
}
