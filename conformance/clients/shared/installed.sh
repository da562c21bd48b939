# Sourced by every run file: $here is the adapter's folder, $shared this one, and
# $installed where "conformance/clients/install NAME" put the library.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
shared=$here/../shared
name=$(basename -- "$here")
installed=${REDEPLOY_CLIENTS:-$HOME/.cache/redeploy-conformance/clients}/$name
if [ ! -e "$installed/ready" ]; then
    echo "$name is not installed: run conformance/clients/install $name first." >&2
    exit 4
fi
# The certifying server is on this machine: no proxy stands in between.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
