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

# check_sources NAME COMMAND...: runs COMMAND -p DATABASE SOURCE for each source on standard input that build/dev compiles,
# two at once. One that passed is not looked at again until it, a header, the checker's settings or its compilation change.
check_sources() {
    local name=$1 checks=build/dev/checks
    shift
    scripts/build dev || return 1
    local database=$checks/compile_commands.json passed=$checks/$name
    mkdir -p "$passed"
    # GCC's precompiled header is nothing for Clang; without it a missing #include is noticed, too.
    sed -E 's/ -Winvalid-pch| -fpch-preprocess| -include [^ ]*cmake_pch\.hxx//g' build/dev/compile_commands.json >"$database"
    set -- "$@" -p "$checks"

    local common source key sources=() keys=()
    common=$({ printf '%s\n' "$*" && cat .clang-tidy && project_files '*.h' | xargs cat; } | sha256sum)
    while IFS= read -r source; do
        grep -qF "\"file\": \"$PWD/$source\"" "$database" || continue
        key=$({ printf '%s\n' "$common" && grep -F "$PWD/$source" "$database" && cat "$source"; } | sha256sum | cut -c1-32)
        [[ -e $passed/$key ]] || { sources+=("$source") && keys+=("$key"); }
    done
    [[ ${#sources[@]} -gt 0 ]] || { echo "$name: nothing changed since it passed." && return 0; }

    echo "$name: ${#sources[@]} sources"
    # shellcheck disable=SC2016
    local index one='
        source=${*: -2:1} mark=${*: -1}
        if output=$("${@:1:$#-2}" "$source" 2>&1); then touch "$mark"; else printf "%s\n" "$output"; exit 1; fi'
    for index in "${!sources[@]}"; do
        printf '%s\0%s\0' "${sources[index]}" "$passed/${keys[index]}"
    done | xargs -0 -n 2 -P 2 bash -c "$one" "$name" "$@"
}
