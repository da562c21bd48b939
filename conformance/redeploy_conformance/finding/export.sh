#!/usr/bin/env bash
# Made by redeploy-conformance. Needs bash, curl, openssl and GNU date.
#   ENDPOINT  base URL of the target, such as http://127.0.0.1:8080
#   CONTROL   path of its control protocol, /redeploy-control/v1 unless set
#   TOKEN     bearer token of the control protocol, if it asks for one
# The target is given accounts and instances of its own, and nothing else is touched.
set -euo pipefail
ENDPOINT=${ENDPOINT:?the base URL of the target}
CONTROL=${CONTROL:-/redeploy-control/v1}
HOST=${ENDPOINT#*://}
HOST=${HOST%%/*}
EMPTY=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
ANSWER=

say() { printf '%s\n' "$1"; }

# plain TEXT: a text as it is, from how JSON writes it
plain() {
  local rest=$1 code low byte bytes
  while [[ $rest == *\\* ]]; do
    printf '%s' "${rest%%\\*}"
    rest=${rest#*\\}
    if [[ $rest != u* ]]; then
      printf '%s' "${rest:0:1}"
      rest=${rest:1}
      continue
    fi
    code=$((16#${rest:1:4})) rest=${rest:5} low=${rest:2:4}
    if ((code >> 10 == 0x36)); then code=$((0x10000 + ((code & 0x3FF) << 10) + (16#$low & 0x3FF))) rest=${rest:6}; fi
    if ((code < 0x80)); then bytes=($code)
    elif ((code < 0x800)); then bytes=($((0xC0 | code >> 6)) $((0x80 | code & 63)))
    elif ((code < 0x10000)); then bytes=($((0xE0 | code >> 12)) $((0x80 | code >> 6 & 63)) $((0x80 | code & 63)))
    else bytes=($((0xF0 | code >> 18)) $((0x80 | code >> 12 & 63)) $((0x80 | code >> 6 & 63)) $((0x80 | code & 63)))
    fi
    for byte in "${bytes[@]}"; do printf "\\x$(printf %x "$byte")"; done
  done
  printf '%s' "$rest"
}

# encoded TEXT: a text as a query or a path holds it
encoded() {
  local LC_ALL=C place byte
  for ((place = 0; place < ${#1}; place++)); do
    byte=${1:place:1}
    case $byte in
      [A-Za-z0-9_.~-]) printf '%s' "$byte" ;;
      *) printf -v byte %d "'$byte" && printf '%%%02X' $((byte & 255)) ;;
    esac
  done
}

# pick FIELD N: the Nth other text in the last answer that stands under FIELD, or first in its list
pick() {
  local found
  found=$(printf '%s' "$ANSWER" | tr '\t\r\n' '   ' | grep -oE "\"$1\" *: *(\[ *)?\"([^\"\\]|\\\\.)*\"" |
    sed -E 's/^"[^"]*" *: *(\[ *)?"(.*)"$/\2/' | awk '!seen[$0]++' | sed -n "${2}p") || true
  if [ -z "$found" ]; then
    printf 'the last answer has no %s, so nothing can follow\n' "$1" >&2
    return 1
  fi
  plain "$found"
}

# show: the last answer, as far as it is short; those that carry secrets are not shown
show() {
  printf '%s' "$ANSWER" | tr -d '\000-\011\013-\037\177' | cut -c1-2000
  say ''
}

# control METHOD PATH BODY
control() {
  local token=()
  if [ -n "${TOKEN:-}" ]; then token=(-H "authorization: Bearer $TOKEN"); fi
  ANSWER=$(curl -sS -X "$1" -H 'content-type: application/json' ${token[@]+"${token[@]}"} \
    --data-binary "$3" -w '\nHTTP %{http_code}' "$ENDPOINT$CONTROL$2")
  say "control $1 $2: ${ANSWER##*$'\n'}"
  if [ "$1" = GET ]; then show; fi
}

# call ACTION KEY SECRET QUERY SIGNED-QUERY NONCE WHEN: one call of the public API, signature V3
call() {
  local nonce=${6:-$(openssl rand -hex 16)} date canonical names digest signature
  local auth=()
  date=$(date -u -d "$7" +%Y-%m-%dT%H:%M:%SZ)
  names='host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version'
  canonical=$(printf 'POST\n/\n%s\nhost:%s\nx-acs-action:%s\nx-acs-content-sha256:%s\nx-acs-date:%s\nx-acs-signature-nonce:%s\nx-acs-version:2014-05-26\n\n%s\n%s' \
    "$5" "$HOST" "$1" "$EMPTY" "$date" "$nonce" "$names" "$EMPTY")
  if [ -n "$2" ]; then
    digest=$(printf '%s' "$canonical" | openssl dgst -sha256 -r | cut -d' ' -f1)
    signature=$(printf 'ACS3-HMAC-SHA256\n%s' "$digest" | openssl dgst -sha256 -hmac "$3" -r | cut -d' ' -f1)
    auth=(-H "authorization: ACS3-HMAC-SHA256 Credential=$2,SignedHeaders=$names,Signature=$signature")
  fi
  ANSWER=$(curl -sS -X POST -H "host: $HOST" -H "x-acs-action: $1" -H 'x-acs-version: 2014-05-26' \
    -H "x-acs-date: $date" -H "x-acs-signature-nonce: $nonce" -H "x-acs-content-sha256: $EMPTY" \
    ${auth[@]+"${auth[@]}"} -w '\nHTTP %{http_code}' "$ENDPOINT/?$4")
  say "$1 $4"
  show
}

