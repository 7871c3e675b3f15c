# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

# in_lib SCRIPT: some lines with lib.sh's functions at hand
in_lib() { bash -c "source '$(functions_of lib.sh)'; $1"; }

@test "install_file writes content, mode and owner, and says what changed" {
  run -0 in_lib 'printf one | install_file /etc/deep/file 640 daemon:adm; summary'
  [[ "${output}" == "changed /etc/deep/file" ]]
  [[ "$(cat "${HOMEPORT_ROOT}/etc/deep/file")" == one ]]
  [[ "$(mode_of /etc/deep/file)" == 640 ]]
  grep -q '^chown daemon:adm ' "${CALLS}"
}

@test "install_file leaves alone what is right: same inode, unchanged" {
  in_lib 'printf one | install_file /file 600 root:root'
  before=$(stat -c %i "${HOMEPORT_ROOT}/file")
  run -0 in_lib 'printf one | install_file /file 600 root:root; summary'
  [[ "${output}" == unchanged ]]
  [[ "$(stat -c %i "${HOMEPORT_ROOT}/file")" == "${before}" ]]
}

@test "install_file puts a mode right that somebody changed" {
  in_lib 'printf one | install_file /file 600 root:root'
  chmod 644 "${HOMEPORT_ROOT}/file"
  run -0 in_lib 'printf one | install_file /file 600 root:root; summary'
  [[ "${output}" == "changed /file" ]]
  [[ "$(mode_of /file)" == 600 ]]
}

@test "install_file puts an owner right that somebody changed" {
  if [[ ${EUID} -ne 0 ]]; then skip "only root gives files away"; fi
  rm "${STUBS}/chown"
  in_lib 'printf one | install_file /file 600 root:root'
  chown daemon:daemon "${HOMEPORT_ROOT}/file"
  run -0 in_lib 'printf one | install_file /file 600 root:root; summary'
  [[ "${output}" == "changed /file" ]]
  [[ "$(stat -c %U:%G "${HOMEPORT_ROOT}/file")" == root:root ]]
}

@test "install_file exchanges the file in one step: whoever has it open reads the old one to its end" {
  in_lib 'printf old | install_file /file 600 root:root'
  exec 5<"${HOMEPORT_ROOT}/file"
  in_lib 'printf new | install_file /file 600 root:root'
  [[ "$(cat <&5)" == old ]]
  exec 5<&-
  [[ "$(cat "${HOMEPORT_ROOT}/file")" == new ]]
  [[ "$(ls "${HOMEPORT_ROOT}")" == file ]]
}

@test "install_file leaves the old file when the new one cannot be finished" {
  in_lib 'printf old | install_file /file 600 root:root'
  stub chown 'exit 1'
  run ! in_lib 'printf new | install_file /file 600 root:root'
  [[ "$(cat "${HOMEPORT_ROOT}/file")" == old ]]
}

@test "what is being written is never readable by others" {
  stub chmod 'stat -c "%a" "$2" >>"${STATE}/modes"; /bin/chmod "$@"'
  in_lib 'printf secret | install_file /file 400 root:root'
  [[ "$(cat "${STATE}/modes")" == 600 ]]
}

@test "retry goes on until the command succeeds" {
  stub flaky 'n=$(cat "${STATE}/n" 2>/dev/null || echo 0); echo $((n + 1)) >"${STATE}/n"; [[ ${n} -ge 2 ]]'
  run -0 in_lib 'retry 30 flaky'
  [[ "$(wc -l <"${CALLS}")" -eq 3 ]]
}

@test "retry gives up at its deadline" {
  stub never 'exit 1'
  run -1 in_lib 'retry 1 never || exit 1'
  [[ "$(grep -c never "${CALLS}")" -ge 2 ]]
}

@test "die says why on stderr and ends the script" {
  run -1 --separate-stderr in_lib 'die "a reason"; echo more'
  [[ "${output}" == "" ]]
  [[ "${stderr}" == "homeport: a reason" ]]
}

@test "a failure in the middle of a pipe ends the script" {
  run ! in_lib 'false | cat; echo more'
  [[ "${output}" != *more* ]]
}

guard='revert_test() { echo reverted >>"${STATE}/reverted"; }; guard_arm test 60 /etc/kept /etc/new'

@test "guard_arm starts a timer for the revert, after it has stopped the one before" {
  stub systemctl
  stub systemd-run
  mkdir -p "${HOMEPORT_ROOT}/etc"
  in_lib "${guard}"
  called "systemctl stop homeport-guard-test.timer"
  called "systemd-run --quiet --unit=homeport-guard-test --on-active=60 ${HOMEPORT_ROOT}/var/lib/homeport/guard/test/revert"
  [[ "$(line_of 'systemctl stop')" -lt "$(line_of systemd-run)" ]]
}

@test "the revert puts a file back with content and mode, removes a new one, runs its function, leaves a mark" {
  stub systemctl
  stub systemd-run
  mkdir -p "${HOMEPORT_ROOT}/etc"
  printf old >"${HOMEPORT_ROOT}/etc/kept"
  chmod 640 "${HOMEPORT_ROOT}/etc/kept"
  in_lib "${guard}"
  printf changed >"${HOMEPORT_ROOT}/etc/kept"
  chmod 600 "${HOMEPORT_ROOT}/etc/kept"
  touch "${HOMEPORT_ROOT}/etc/new"
  "${HOMEPORT_ROOT}/var/lib/homeport/guard/test/revert"
  [[ "$(cat "${HOMEPORT_ROOT}/etc/kept")" == old ]]
  [[ "$(mode_of /etc/kept)" == 640 ]]
  [[ ! -e "${HOMEPORT_ROOT}/etc/new" ]]
  [[ "$(cat "${STATE}/reverted")" == reverted ]]
  [[ -e "${HOMEPORT_ROOT}/var/lib/homeport/guard/test/reverted" ]]
}

@test "a guard that is armed again, or forgotten, has not reverted" {
  stub systemctl
  stub systemd-run
  mkdir -p "${HOMEPORT_ROOT}/etc"
  for again in "${guard}" "guard_forget test"; do
    in_lib "${guard}"
    "${HOMEPORT_ROOT}/var/lib/homeport/guard/test/revert"
    in_lib "${again}"
    [[ ! -e "${HOMEPORT_ROOT}/var/lib/homeport/guard/test/reverted" ]]
  done
}

@test "check mode tells of absence, mode and lines, and changes nothing" {
  export HOMEPORT_CHECK=1
  run -0 in_lib 'printf one | install_file /etc/file 644 root:root'
  [[ "$(finding "${output}")" == "/etc/file|a file, mode 644, "*"|no file" ]]
  [[ ! -e "${HOMEPORT_ROOT}/etc" ]]

  install -D -m 600 <(printf 'one\nthree\n') "${HOMEPORT_ROOT}/etc/file"
  run -0 in_lib 'printf "one\ntwo\n" | install_file /etc/file 644 root:root; summary'
  [[ "$(finding "${lines[0]}")" == "/etc/file|mode 644, "*"|mode 600, "* ]]
  [[ "$(finding "${lines[1]}")" == "/etc/file|two|three" ]]
  [[ ${#lines[@]} -eq 2 ]]
  [[ "$(cat "${HOMEPORT_ROOT}/etc/file")" == $'one\nthree' ]]
  [[ "$(mode_of /etc/file)" == 600 ]]
}

@test "check mode says unchanged of what is right, and that a line is there twice" {
  in_lib 'printf "a\n" | install_file /file 644 root:root'
  export HOMEPORT_CHECK=1
  run -0 in_lib 'printf "a\n" | install_file /file 644 root:root; summary'
  [[ "${output}" == unchanged ]]
  printf 'a\na\n' >"${HOMEPORT_ROOT}/file"
  run -0 in_lib 'printf "a\n" | install_file /file 644 root:root'
  [[ "$(finding "${output}")" == "/file|nothing more|a" ]]
}

@test "check mode shows no content that only its owner may read" {
  install -m 400 <(printf found-secret) "${HOMEPORT_ROOT}/file"
  HOMEPORT_CHECK=1 run -0 in_lib 'printf wanted-secret | install_file /file 400 root:root'
  [[ "$(finding "${output}")" == "/file|the declared content|other content" ]]
}

@test "check mode tells of a folder's mode, and of a unit that is not enabled" {
  mkdir -m 755 "${HOMEPORT_ROOT}/folder"
  stub systemctl 'if [[ "$1" == is-active ]]; then echo active; else echo disabled; exit 1; fi'
  export HOMEPORT_CHECK=1
  run -0 in_lib 'install_dir /folder 700; check_unit docker "enabled, active"'
  [[ "$(finding "${lines[0]}")" == "/folder|mode 700|mode 755" ]]
  [[ "$(finding "${lines[1]}")" == "unit docker|enabled, active|disabled, active" ]]
  [[ "$(mode_of /folder)" == 755 ]]
}
