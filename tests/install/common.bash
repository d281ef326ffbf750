# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of the installation have in common. CMakeLists.txt gives them SOURCE, BUILD, PREFIX, LIBDIR, CMAKE,
# GENERATOR, DEVELOPER, WITH_DAEMON and WITH_METRICS in their environment.

set -euo pipefail

scratch=$(mktemp -d --tmpdir hycan-install.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

skip() {
	echo "SKIPPED: $*"
	exit 77
}

# Programs that only note that they were called, in front of those of the system.
intercept() { # NAME...
	local name

	mkdir "$scratch/shims"
	for name; do
		cat >"$scratch/shims/$name" <<-END
			#!/bin/sh
			echo "$name \$*" >>"$scratch/called"
		END
		chmod +x "$scratch/shims/$name"
	done
	: >"$scratch/called"
	PATH=$scratch/shims:$PATH
}

# Installs a build below $scratch/root, and fails if that touches the running system.
install_below_root() { # BUILD
	[[ -d $scratch/shims ]] || intercept systemctl systemd-sysusers systemd-tmpfiles ldconfig
	DESTDIR=$scratch/root "$CMAKE" --install "$1" >"$scratch/log" || fail "the installation failed: $(<"$scratch/log")"
	[[ ! -s $scratch/called ]] || fail "with DESTDIR this was called: $(<"$scratch/called")"
}

# Files of the client side, below the prefix.
client_files() {
	(cd "$SOURCE/include" && find . -type f -printf 'include/%P\n')
	cat <<-END
		bin/hycanctl
		$LIBDIR/libhycan-client.so
		$LIBDIR/libhycan-client.so.0
		$LIBDIR/libhycan-client.so.0.1.0
		$LIBDIR/pkgconfig/libhycan-client.pc
		$LIBDIR/cmake/hycan-client/hycan-client-config.cmake
		$LIBDIR/cmake/hycan-client/hycan-client-config-$1.cmake
		$LIBDIR/cmake/hycan-client/hycan-client-config-version.cmake
		share/bash-completion/completions/hycanctl
		share/man/man1/hycanctl.1
		share/man/man3/libhycan-client.3
	END
}

daemon_files() {
	cat <<-END
		sbin/hycan_daemon
		lib/systemd/system/hycan-daemon.service
		lib/systemd/system/hycan-daemon.socket
		lib/systemd/system/hycan-resolver.service
		lib/systemd/system/hycan-resolver.socket
		lib/sysusers.d/hycan.conf
		lib/tmpfiles.d/hycan.conf
		share/doc/HyCAN/examples/policy.conf
		share/man/man5/hycan-policy.5
		share/man/man8/hycan_daemon.8
	END
	[[ $WITH_METRICS != ON ]] || printf '%s\n' bin/hycan_metrics lib/systemd/system/hycan-metrics.service share/man/man1/hycan_metrics.1
}

# Compares standard input, one file a line, with what is below the root.
expect_files() {
	sort >"$scratch/expected"
	(cd "$scratch/root" && find . ! -type d -printf '/%P\n') | sed "s|^$PREFIX/||" | sort >"$scratch/found"
	diff -u "$scratch/expected" "$scratch/found" || fail "these are not the files that were expected"
}

build_type() { # BUILD
	sed -n 's/^CMAKE_BUILD_TYPE:[A-Z]*=//p' "$1/CMakeCache.txt" | tr '[:upper:]' '[:lower:]'
}

# A program of somebody else's, built with what is below the root.
write_program() {
	mkdir -p "$scratch/program"
	cat >"$scratch/program/program.c" <<-'END'
		#include <hycan/hycan.h>
		#include <stdio.h>

		int main(void)
		{
			struct hycan *h;
			int r = hycan_open(&h, NULL);

			if (r == 0)
				r = hycan_link_up(h, "vcan0");
			printf("%s\n", r ? hycan_error_message(h) : "up");
			hycan_close(h);
			return 0;
		}
	END
	cat >"$scratch/program/CMakeLists.txt" <<-'END'
		cmake_minimum_required(VERSION 3.22)
		project(program C)
		find_package(hycan-client 0.1 REQUIRED)
		add_executable(program program.c)
		target_link_libraries(program PRIVATE hycan::client)
	END
}

# It runs, and says why there is no daemon.
expect_program() { # PROGRAM
	local said

	said=$(LD_LIBRARY_PATH=$scratch/root$PREFIX/$LIBDIR HYCAN_DAEMON_SOCKET=$scratch/nowhere HYCAN_NO_FALLBACK=1 "$1")
	[[ $said == *"$scratch/nowhere"* ]] || fail "$1 said: $said"
}

# The library with sanitizers needs a program with sanitizers.
program_flags() {
	if [[ $DEVELOPER == ON ]]; then
		echo -fsanitize=address,undefined
	fi
}

check_consumers() {
	local root=$scratch/root flags

	flags=$(program_flags)
	write_program
	export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$root$PREFIX/$LIBDIR/pkgconfig
	# shellcheck disable=SC2046,SC2086
	cc $flags -o "$scratch/program/by-pkg-config" "$scratch/program/program.c" \
		$(pkg-config --cflags --libs libhycan-client) || fail "pkg-config's flags are not enough"
	expect_program "$scratch/program/by-pkg-config"
	unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH

	"$CMAKE" -S "$scratch/program" -B "$scratch/program/build" -DCMAKE_PREFIX_PATH="$root$PREFIX" \
		-DCMAKE_C_FLAGS="$flags" >"$scratch/log" || fail "find_package(hycan-client): $(<"$scratch/log")"
	"$CMAKE" --build "$scratch/program/build" >"$scratch/log" || fail "hycan::client: $(<"$scratch/log")"
	expect_program "$scratch/program/build/program"
}
