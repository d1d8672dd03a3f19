#!/usr/bin/env bash
# Tells keepalived whether the node on this machine serves: writes 1 to a file while it does, and 0 while it does not. A script that
# keepalived runs itself can look once a second at best; keepalived sees a change of a file at once. Bash alone, so that a look starts no
# process.
#   serves.sh FILE [HOST:PORT of the node's HTTP port]
set -u
file=$1 node=${2:-127.0.0.1:9003}
written=
exec {nothing}<> <(:) # never has a line to read: waiting for one is the pause

while :; do
    code=
    if { exec {connection}<>"/dev/tcp/${node%:*}/${node##*:}"; } 2>/dev/null; then
        printf 'HEAD /health/primary HTTP/1.0\r\n\r\n' >&"$connection"
        read -r -t 0.5 _ code _ <&"$connection" # a node that is frozen does not serve
        exec {connection}>&-
    fi
    [[ $code == 200 ]] && now=1 || now=0
    if [[ $now != "$written" ]]; then
        echo $now >"$file" && written=$now
    fi
    read -r -t 0.05 <&"$nothing"
done
