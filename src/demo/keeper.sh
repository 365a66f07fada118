# Keeps one throw-away cluster for as long as its parent lives. The parent holds the other end of standard input: in
# whatever way it ends, reading ends too, and then the server stops and its directory goes.
#
# $1 the directory of initdb and pg_ctl
# $2 the cluster's directory; holds `settings`, and `pg_hba.conf` where the default (trust on the socket) is not wanted
binaries=$1
home=$2

# A parent that is gone must not take us along while we tell it that the server is up.
trap '' PIPE HUP

start() {
    "$binaries/initdb" -D "$home/data" -N -U postgres -A trust -E UTF8 --locale=C &&
        cat "$home/settings" >>"$home/data/postgresql.conf" &&
        if [ -e "$home/pg_hba.conf" ]; then cp "$home/pg_hba.conf" "$home/data/pg_hba.conf"; fi &&
        "$binaries/pg_ctl" -D "$home/data" -w -t 60 -l "$home/log" start
}

if start >"$home/started" 2>&1 </dev/null; then echo ready; else echo failed; fi
read -r _
"$binaries/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 </dev/null
rm -rf "$home"
