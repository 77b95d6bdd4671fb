#!/usr/bin/env bash
# Makes .venv (the engine's Python) and .venv-qgis (the tests' Python, over the system's QGIS).
# Usage: tools/environments.sh engine|qgis
# An environment carries the fingerprint of what it was made from: nothing is done when it still fits.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

fingerprint() { cat pyproject.toml tools/environments.sh <("$1" -VV) <(pwd) | sha256sum | cut -d' ' -f1; }

is_ready() { [ "$(cat "$1/.made-from" 2>/dev/null)" = "$2" ] && "$1/bin/python" -c '' 2>/dev/null; }

give_up() {
    echo "ZoomEarth's set-up could not $1" >&2
    exit 1
}

# The first Python that starts, is recent enough and can make environments. 3.11 comes first: every
# pinned package has a build for it.
find_python() {
    local name
    for name in ${PYTHON:-python3.11 python3.12 python3.13 python3.10 python3 /usr/bin/python3}; do
        if "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    give_up "find Python 3.10 or newer with its venv module: install one (Debian: apt-get install python3-venv), or name it as PYTHON=…, then run the same command again."
}

# Makes the environment $1 with Python $2 unless one of the same version is there; $3: an option of venv.
make_environment() {
    local version='import sys; print(sys.version_info[:2])'
    if [ "$("$1/bin/python" -c "$version" 2>/dev/null)" != "$("$2" -c "$version")" ]; then
        rm -rf "$1"
        "$2" -m venv ${3:+"$3"} "$1" || give_up "make $1 with $2 -m venv, see above: install python3-venv, then run the same command again."
    fi
    rm -f "$1/.made-from"
}

install() {
    local folder=$1
    shift
    "$folder/bin/python" -m pip install --quiet "$@" </dev/null ||
        give_up "install packages into $folder, see pip's message above: check the network or the package index (pip's settings are used), then run the same command again."
}

make_engine() {
    local python made_from
    python=$(find_python)
    made_from=$(fingerprint "$python")
    is_ready .venv "$made_from" && return
    echo "Making .venv with $python (PyTorch is large; the first time takes minutes)"
    make_environment .venv "$python"
    install .venv --editable '.[train,dev,batch]'
    echo "$made_from" >.venv/.made-from
}

make_qgis() {
    local made_from requirements
    made_from=$(fingerprint /usr/bin/python3)
    is_ready .venv-qgis "$made_from" && return
    echo "Making .venv-qgis with /usr/bin/python3"
    make_environment .venv-qgis /usr/bin/python3 --system-site-packages
    requirements=$(.venv/bin/python tools/requirements.py qgis-tests)
    # The system's numpy and GDAL bindings fit each other; nothing here may bring another numpy.
    install .venv-qgis --constraint <(/usr/bin/python3 -c 'import numpy; print("numpy==" + numpy.__version__)') \
        $requirements
    echo "$made_from" >.venv-qgis/.made-from
}

case ${1:-} in
    engine) make_engine ;;
    qgis) make_qgis ;;
    *)
        echo "usage: tools/environments.sh engine|qgis" >&2
        exit 2
        ;;
esac
