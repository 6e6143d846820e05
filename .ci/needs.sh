#!/usr/bin/env bash
# Installs what the other scripts call and this machine has not. Debian, as root.
set -euo pipefail

# gcc is for the race detector; time reports how much memory a process took.
packages=(awscli ca-certificates debootstrap docker.io docker-registry gcc git libc6-dev make python3-boto3 python3-venv
  qemu-user-static shellcheck time)
packages+=(rclone restic ruby-aws-sdk-core s3cmd) # clients of docs/clients.md
[ -x /usr/bin/npm ] || packages+=(npm) # unless it came with a newer Node.js than Debian's

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi
echo "installed: ${missing[*]:-nothing, all was there}"
