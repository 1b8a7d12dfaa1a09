#!/bin/sh
# Installs LocalStack into the root filesystem $1, where the official image has it. pip runs inside, with the settings of this
# machine (index, proxy, certificates), which leave again.
set -eu
venv=/opt/code/localstack/.venv

for settings in /etc/pip.conf "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf"; do
  if [ -f "$settings" ]; then cat "$settings"; echo; fi
done > "$1/tmp/pip.conf"
# Every authority that pip would trust outside, wherever it is set.
named=$(sed -n 's/^ *cert *= *//p' "$1/tmp/pip.conf")
for authorities in /etc/ssl/certs/ca-certificates.crt "$named" "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}" "${SSL_CERT_FILE:-}"; do
  if [ -f "$authorities" ]; then cat "$authorities"; echo; fi
done > "$1/tmp/ca.crt"
cp "$FILES/localstack/requirements.txt" "$1/tmp/requirements.txt"

mkdir -p "$1/opt/code/localstack"
chroot "$1" python3 -m venv "$venv"
PIP_CONFIG_FILE=/tmp/pip.conf TMPDIR=/tmp \
  PIP_CERT=/tmp/ca.crt REQUESTS_CA_BUNDLE=/tmp/ca.crt CURL_CA_BUNDLE=/tmp/ca.crt SSL_CERT_FILE=/tmp/ca.crt \
  chroot "$1" "$venv/bin/pip" install --no-cache-dir --progress-bar off -r /tmp/requirements.txt

rm "$1/tmp/pip.conf" "$1/tmp/ca.crt" "$1/tmp/requirements.txt"

# Fails here rather than at the first start.
chroot "$1" "$venv/bin/python" -c 'import localstack.aws.components, localstack.services.sqs.provider, localstack.services.cloudwatch.provider_v2'
rm -rf "$1$venv"/lib/python3*/site-packages/pip "$1$venv"/lib/python3*/site-packages/pip-*
