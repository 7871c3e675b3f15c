#!/usr/bin/env bash
# /etc/homeport/backup/files.sh: what a backup of files holds, and how it becomes files again. After lib.sh of the
# backups, or copies.sh; `trees` in files.conf says which directories and volumes. A copy is two snapshots: the data,
# and after it the manifest that names and describes it. Data without a manifest is no copy.

# shellcheck disable=SC2034 # for the backup
readonly STAGED="${HOMEPORT_ROOT}/opt/backups/files/sqlite" # databases as SQLite's own backup wrote them
readonly MANIFEST="${HOMEPORT_ROOT}/opt/backups/files/manifest.json"

# fail WHY: for a caller that goes on.
function fail() {
  printf '%s\n' "$*" >&2
  return 1
}

# each_tree: lines of `KIND NAME ROOT`.
function each_tree() {
  local kind tree root
  while read -r kind tree; do
    root="${HOMEPORT_ROOT}${tree}"
    if [[ "${kind}" == volume ]]; then
      root=$(docker volume inspect --format '{{.Mountpoint}}' "${tree}") || fail "volume ${tree} is not there" || return 1
    fi
    [[ -d "${root}" && ! -L "${root}" ]] || fail "${root} is no directory" || return 1
    printf '%s %s %s\n' "${kind}" "${tree}" "${root}"
  done < <(jq -r '.[] | "\(.kind) \(.name)"' <<<"${trees}")
}

# listed TREE FIELD: its exclude or its sqlite, a line each.
function listed() { jq -r --arg tree "$1" --arg field "$2" '.[] | select(.name == $tree)[$field][]' <<<"${trees}"; }

# scan ROOT [LEFT_OUT ...]: its entries as JSON, in the order of their paths; `changed` tells a later look whether they
# were touched. Another file system, sockets and devices are not among them. A newline at the end, since jq 1.6 takes
# NULs there for nothing.
function scan() {
  local root="$1" path
  local -a prune=()
  shift
  for path; do prune+=(-path "${root}/${path}" -prune -o); done
  {
    find "${root}" -xdev -ignore_readdir_race "${prune[@]}" \( -type f -o -type d -o -type l \) \
      -printf '%P\0%y\0%m\0%U:%G\0%s\0%C@\0%l\0' || return 1
    echo
  } | jq -Rsc '
    split("\u0000")[:-1] as $field | [range(0; $field | length; 7) | $field[. : . + 7]
      | {path: .[0], type: .[1], mode: .[2], owner: .[3], changed: .[5]}
        + if .[1] == "f" then {size: (.[4] | tonumber)} elif .[1] == "l" then {link: .[6]} else {} end]
    | sort_by(.path)'
}

# digest ROOT [LEFT_OUT ...]: path -> sha256 of every file, as JSON. One that goes while it is read is not among them.
function digest() {
  local root="$1" path
  local -a prune=()
  shift
  for path; do prune+=(-path "./${path}" -prune -o); done
  (
    cd "${root}" || exit 1
    find . -xdev -ignore_readdir_race "${prune[@]}" -type f -print0 | { xargs -0 -r sha256sum -z -- || true; }
    echo
  ) | jq -Rsc 'split("\u0000")[:-1] | map({key: .[68:], value: .[:64]}) | from_entries'
}

# fetch_manifest ID: manifest.json in the folder, when it is one.
function fetch_manifest() {
  restic --no-lock --quiet dump "$1" "${MANIFEST}" >"${folder}/manifest.json" || fail 'its manifest cannot be read' || return 1
  jq -es 'length == 1 and (.[0] | (.data | type) == "string" and (.trees | type) == "array")' "${folder}/manifest.json" \
    >/dev/null 2>&1 || fail 'its manifest is damaged'
}

# tree_of TREE: its part of the manifest.
function tree_of() { jq -ec --arg tree "$1" '.trees[] | select(.name == $tree)' "${folder}/manifest.json"; }

# unpack TREE STAGING: the tree as the copy has it, below STAGING; its place is left in UNPACKED.
UNPACKED=''
function unpack() {
  local tree="$1" staging="$2" described data root free
  described=$(tree_of "${tree}") || fail "it does not hold ${tree}" || return 1
  data=$(jq -r .data "${folder}/manifest.json") root=$(jq -r .root <<<"${described}")
  rm -rf "${staging}"
  install -d -m 700 "${staging}"
  free=$(df --output=avail -B1 "${staging}" | tail -n 1)
  ((free > $(jq -r .bytes <<<"${described}"))) ||
    fail "there is not enough room for ${tree}: $(jq -r .bytes <<<"${described}") bytes" || return 1
  restic --no-lock --quiet restore "${data}" --target "${staging}" --include "${root}" >&2 || fail "restic restore of ${tree} failed" || return 1
  UNPACKED="${staging}${root}"
  [[ -d "${UNPACKED}" ]] || fail "${tree} is not in the data" || return 1
  unpack_databases "${data}" "${described}"
}

# A database goes where it lived, by a path that is what it seems: what was restored may hold symbolic links.
function unpack_databases() {
  local data="$1" described="$2" path staged mode owner
  while IFS=$'\t' read -r path staged mode owner; do
    [[ "$(realpath -e "$(dirname "${UNPACKED}/${path}")")" == "$(realpath -e "${UNPACKED}")"* && ! -L "${UNPACKED}/${path}" ]] ||
      fail "${path} would leave the directory" || return 1
    restic --no-lock --quiet dump "${data}" "${staged}" >"${UNPACKED}/${path}" || fail "database ${path} cannot be read" || return 1
    chown "${owner}" "${UNPACKED}/${path}" && chmod "${mode}" "${UNPACKED}/${path}" || return 1
  done < <(jq -r '.entries[] | select(.staged) | [.path, .staged, .mode, .owner] | @tsv' <<<"${described}")
}

# compare_tree TREE: what was unpacked is what the manifest says, but for what changed while it was read.
function compare_tree() {
  local different
  tree_of "$1" >"${folder}/wanted"
  scan "${UNPACKED}" >"${folder}/entries" || return 1
  digest "${UNPACKED}" >"${folder}/digests" || return 1
  different=$(jq -rn --slurpfile wanted "${folder}/wanted" --slurpfile entries "${folder}/entries" --slurpfile digests "${folder}/digests" '
    def shown: {path, type, mode, owner, size, link, sha256};
    ($wanted[0].entries | map(select(.changing) | {key: .path, value: true}) | from_entries) as $changing
    | ($wanted[0].entries | map(select(.changing | not) | shown | {key: .path, value: .}) | from_entries) as $earlier
    | ($entries[0] | map(select($changing[.path] | not)
        | (if .type == "f" then .sha256 = $digests[0][.path] else . end) | shown | {key: .path, value: .}) | from_entries) as $now
    | [($earlier + $now) | keys_unsorted[] | select($earlier[.] != $now[.]) | if . == "" then "the folder itself" else . end]
    | if length == 0 then "" else "\(length) of \($earlier | length): \(.[:3] | join(", "))" end') || return 1
  [[ -z "${different}" ]] || fail "$1 differs from its manifest, ${different}"
}

# tags: for restic, of everything that this system and stack put there.
function tags() { printf 'system=%s,stack=%s,%s' "${system}" "${stack}" "$1"; }
