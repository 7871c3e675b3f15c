# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

# The script reads /run/secrets: a copy that reads a folder of this test instead.
prepare() {
  mkdir "${STATE}/secrets"
  sed "s#/run/secrets#${STATE}/secrets#" "${REPOSITORY}/scripts/files/with-secrets" >"${STUBS}/with-secrets"
  chmod 755 "${STUBS}/with-secrets"
}

@test "exports each file under its name, to the last byte" {
  for value in plain 'two words' "it's \"quoted\"" '$(reboot) `id` $HOME' $'two\nlines' $'newline at the end\n' $'\n\n' '' '*' '-n' '\\t'; do
    printf '%s' "${value}" >"${STATE}/secrets/SECRET"
    with-secrets python3 -c 'import os,sys; sys.stdout.buffer.write(os.environb[b"SECRET"])' >"${STATE}/got"
    cmp "${STATE}/got" "${STATE}/secrets/SECRET"
  done
}

@test "becomes the command, with its arguments and exit code" {
  printf x >"${STATE}/secrets/A"
  run -7 with-secrets sh -c 'printf "<%s>" "$A" "$@"; exit 7' sh 'a b' '' "c'd"
  [[ "${output}" == "<x><a b><><c'd>" ]]
}

@test "runs the command where there are no secrets" {
  run -0 with-secrets echo fine
  [[ "${output}" == fine ]]
}

@test "does not run the command without a secret that it cannot read" {
  if [[ ${EUID} -eq 0 ]]; then stub cat 'exit 1'; fi
  printf x >"${STATE}/secrets/A"
  chmod 000 "${STATE}/secrets/A"
  run ! with-secrets echo started
  [[ "${output}" != *started* ]]
}
