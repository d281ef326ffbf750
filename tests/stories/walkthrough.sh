#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Follows the walk-through of a document, word by word, as its reader would: what it shows is what comes.
#
# The idea: in blocks of ```console a line that begins with “# ” is typed by root, one with “$ ” by an ordinary user of the
# group “containers”, and the lines up to the next such line are what it says, with “…” for anything. Where nothing is shown
# nothing is looked at, but the exit status. A block of ```policy is the daemon's policy. Each document has a world of its own:
# namespaces of network and mounts, with an /etc of its own.
#
# Then it gives the commands in the last column of the table whose head ends with “hycanctl”, as root, who has to succeed.
#
# Where something is shown that is not hycanctl's, it is asked for again until it comes: servers and links take a moment.
#
# usage: walkthrough.sh DAEMON HYCANCTL DOCUMENT

set -euo pipefail
shopt -s extglob

daemon=$1 hycanctl=$2 document=$3
patience=600
where=start

fail() {
	echo "$document: $where: $*" >&2
	[[ ! -s ${scratch-}/log ]] || tail -n 20 "$scratch/log" >&2
	exit 1
}

skip() {
	[[ ! -v HYCAN_TEST_COMPLETE ]] || fail "$*"
	echo "SKIPPED: $*"
	exit 77
}

if [[ ! -v HYCAN_WALKTHROUGH ]]; then
	for program in socat nft dnsmasq bridge setpriv getent; do
		PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null || skip "there is no $program"
	done
	HYCAN_WALKTHROUGH=1 exec unshare --net --mount "$0" "$@" || skip "only root can make namespaces"
fi

PATH=$(dirname "$hycanctl"):$PATH:/usr/sbin:/sbin
scratch=$(mktemp -d --tmpdir hycan-walkthrough.XXXXXX)
started=()

end() {
	local pid

	for pid in $(jobs -p) "${started[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	umount -l "$scratch" 2>/dev/null || true
	rmdir "$scratch"
}
trap end EXIT

# -- the world ------------------------------------------------------------------------------------------------------------

# This host is 192.0.2.1 on eth0, where its default route leads; somebody else there is 192.0.2.9.
make_world() {
	ip link set lo up
	ip link add probe0 type veth peer name probe1
	ip link add link probe0 name probe2 type vlan id 1 2>/dev/null || skip "this kernel has no VLANs"
	ip link delete probe0
	mount -t tmpfs tmpfs "$scratch"
	mkdir "$scratch/upper" "$scratch/work"
	mount -t overlay -o "lowerdir=/etc,upperdir=$scratch/upper,workdir=$scratch/work" overlay /etc || skip "no overlay of /etc"
	mkdir -p /run/netns
	mount -t tmpfs tmpfs /run/netns
	ip netns add outside
	ip link add eth0 type veth peer name eth0 netns outside
	ip address add 192.0.2.1/24 dev eth0
	ip link set eth0 up
	ip route add default via 192.0.2.9
	ip -n outside link set eth0 up
	ip -n outside address add 192.0.2.9/24 dev eth0
	echo "containers:x:4242:" >>/etc/group
}

start_daemon() {
	local deadline=$((SECONDS + patience))

	chmod 755 "$scratch"
	export HYCAN_DAEMON_SOCKET=$scratch/socket
	"$daemon" --policy "$scratch/policy" "$HYCAN_DAEMON_SOCKET" 2>"$scratch/log" &
	started+=($!)
	until [[ -S $HYCAN_DAEMON_SOCKET ]] && "$hycanctl" session whoami >/dev/null 2>&1; do
		((SECONDS < deadline)) || fail "the daemon does not start"
		sleep 0.1
	done
	chmod 666 "$HYCAN_DAEMON_SOCKET"
}

# -- the document ---------------------------------------------------------------------------------------------------------

# All lines of the blocks of a kind, each with its number in front.
blocks() { # KIND
	awk -v kind="\`\`\`$1" '/^```/ { within = !within && $0 == kind; next } within { print NR "\t" $0 }' "$document"
}

as() { # PROMPT COMMAND
	if [[ $1 == '#' ]]; then
		eval "$2"
	else
		setpriv --reuid 4242 --regid 4242 --clear-groups bash -c "$2"
	fi
}

# What is shown as a pattern of the shell.
pattern_of() { # TEXT
	printf '%s' "${1//…/$'\1'}" | sed -e 's/[][\\*?]/\\&/g' -e $'s/\1/*/g'
}

# A server of the walk-through goes on beside it.
follow() { # PROMPT COMMAND SHOWN
	local status=0 said pattern deadline=$((SECONDS + patience))

	if [[ $2 == *'&' ]]; then
		(eval "${2%&}") </dev/null >/dev/null 2>&1 &
		return
	fi
	pattern=$(pattern_of "$3")
	while true; do
		status=0
		as "$1" "$2" </dev/null >"$scratch/said" 2>&1 || status=$?
		said=$(<"$scratch/said")
		# shellcheck disable=SC2053
		if [[ -n $3 && $said == $pattern ]] || [[ -z $3 && $status == 0 ]]; then
			break
		fi
		if [[ -z $3 || $2 == hycanctl* ]] || ((SECONDS >= deadline)); then
			fail "'$2' ended with $status, and said:"$'\n'"$said"$'\n'"instead of:"$'\n'"$3"
		fi
		sleep 0.2
	done
}

follow_all() {
	local number line prompt='' command='' shown='' n=0

	while IFS=$'\t' read -r number line || [[ -n $number ]]; do
		if [[ $command == *\\ ]]; then
			command=${command%\\}${line##*([[:blank:]])}
		elif [[ $line == '# '* || $line == '$ '* ]]; then
			[[ -z $command ]] || follow "$prompt" "$command" "$shown"
			where="line $number" prompt=${line:0:1} command=${line:2} shown=''
			n=$((n + 1))
		else
			shown+=${shown:+$'\n'}$line
		fi
	done < <(blocks console)
	[[ -z $command ]] || follow "$prompt" "$command" "$shown"
	((n > 0)) || fail "there is nothing to follow"
	echo "$n commands of $document did as it says"
}

follow_table() {
	local number command n=0

	while IFS=$'\t' read -r number command; do
		where="line $number"
		follow '#' "hycanctl $command" ''
		n=$((n + 1))
	done < <(awk -F '`' '/\| hycanctl \|$/ { within = 1; next } !/^\|/ { within = 0 } within && NF > 2 { print NR "\t" $(NF - 1) }' "$document")
	echo "$n commands of its table were done"
}

make_world
blocks policy | cut -f 2- >"$scratch/policy"
start_daemon
follow_all
follow_table
