#!/usr/bin/env bash
# Installs the system packages that are not there yet; says in one sentence what to do where it can't.
set -euo pipefail

declare -A has=(
    [qgis]='command -v qgis'
    [python3-qgis]='/usr/bin/python3 -c "import qgis.core"'
    [qgis-providers]='test -e /usr/share/doc/qgis-providers || ! command -v dpkg'
    [xvfb]='command -v xvfb-run'
    [xauth]='command -v xauth'
    [gdal-bin]='command -v gdal_translate'
    [python3-venv]='/usr/bin/python3 -c "import ensurepip, venv"'
    [cgi-mapserver]='test -x /usr/lib/cgi-bin/mapserv || command -v mapserv || ! command -v dpkg'
    [wordnet-base]='test -s /usr/share/wordnet/index.noun || ! command -v dpkg'
    [qttools5-dev-tools]='command -v lrelease || ls /usr/lib/qt?/bin/lrelease'
)
# What later Debian releases call the same thing.
declare -A instead=([qttools5-dev-tools]=qt6-l10n-tools)

list_missing() {
    missing=()
    for package in "${!has[@]}"; do
        bash -c "${has[$package]}" >/dev/null 2>&1 || missing+=("$package")
    done
}

give_up() {
    echo "ZoomEarth's set-up needs ${missing[*]}: $1, then run the same command again." >&2
    exit 1
}

is_known() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

list_missing
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
command -v apt-get >/dev/null || give_up "install them with your system's package manager"
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "run 'apt-get install ${missing[*]}' as root"
    as_root=(sudo)
fi

update() { "${as_root[@]}" apt-get update -qq </dev/null || give_up "'apt-get update' failed, see above; check the network"; }

install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${wanted[@]}" </dev/null
}

echo "Installing system packages: ${missing[*]}"
for package in "${missing[@]}"; do
    is_known "$package" || { update; break; }
done
wanted=()
for package in "${missing[@]}"; do
    if ! is_known "$package" && [ -n "${instead[$package]:-}" ] && is_known "${instead[$package]}"; then
        package=${instead[$package]}
    fi
    wanted+=("$package")
done
# A package list that is out of date names files that are gone: then, once more with a new one.
install || { update; install; } || give_up "apt-get could not install them, see above"
list_missing
[ ${#missing[@]} -eq 0 ] || give_up "apt-get installed them, but they do not work"
