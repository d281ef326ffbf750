/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program as users of HyCAN's C++ library write it: dropin SOCKET LINK. It has its own expectations and says at the end
 * whether they were met.
 */
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "HyCAN/Interface/Daemon.hpp"
#include "HyCAN/Interface/Netlink.hpp"

using HyCAN::DaemonClient, HyCAN::Error, HyCAN::ErrorCode, HyCAN::Netlink;

static_assert(std::is_same_v<decltype(std::declval<Netlink>().up()), tl::expected<void, Error>>);
static_assert(std::is_same_v<decltype(std::declval<Netlink>().down()), tl::expected<void, Error>>);
static_assert(noexcept(std::declval<Netlink>().up()));
static_assert(!std::is_default_constructible_v<Netlink>);
static_assert(!std::is_convertible_v<std::string_view, Netlink>);
static_assert(std::is_default_constructible_v<DaemonClient>);
static_assert(std::is_constructible_v<DaemonClient, const std::string &>);
static_assert(static_cast<int>(ErrorCode::RtnlLinkAddError) == 4);
static_assert(static_cast<int>(ErrorCode::NetlinkBringUpError) == 9);

static int failures;

static void check(bool met, std::string_view what)
{
	if (met)
		return;
	std::cerr << "not met: " << what << '\n';
	failures++;
}

static void check(const tl::expected<void, Error> &result, std::string_view what)
{
	if (result)
		return;
	std::cerr << what << ": " << result.error().message << '\n';
	failures++;
}

static void use_netlink(std::string_view name)
{
	/* only a part of a longer text: a name has no zero byte behind it */
	const std::string longer = std::string(name) + "-and-more";
	Netlink netlink(std::string_view(longer).substr(0, name.size()));

	check(netlink.up(), "up");
	check(netlink.is_up().value_or(false), "is_up after up");
	check(netlink.down(), "down");
	check(!netlink.is_up().value_or(true), "is_up after down");
	check(netlink.exists().value_or(false), "exists");
	(void)netlink.up().map_error([](const auto &e) { check(false, e.message); });
}

static void use_client(const std::string &socket, std::string_view name)
{
	DaemonClient client{ socket };
	std::vector<std::thread> threads;

	check(client.create_vcan_interface(name), "create_vcan_interface");
	check(client.set_interface_up(name), "set_interface_up");
	check(client.set_interface_down(name), "set_interface_down");
	if (auto result = client.set_interface_up("nowhere"); !result) {
		check(result.error().code == ErrorCode::NetlinkInterfaceNotFound, "the code for a link that is not there");
		check(!result.error().message.empty(), "a sentence");
	} else {
		check(false, "a link that is not there cannot be set up");
	}
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&client, name] {
			for (int j = 0; j < 50; j++)
				check(client.set_interface_up(name), "set_interface_up from a thread");
		});
	for (auto &thread : threads)
		thread.join();
}

static void use_nobody()
{
	DaemonClient client("/nowhere/hycan.sock");
	auto result = client.create_vcan_interface("vcan0");

	check(!result && result.error().code == ErrorCode::NetlinkConnectError, "the code for no daemon");
	try {
		Netlink impossible("a/b");
		check(false, "a name with a slash was taken");
	} catch (const std::runtime_error &e) {
		check(*e.what() != '\0', "a sentence in the exception");
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	setenv("HYCAN_DAEMON_SOCKET", argv[1], 1);
	use_netlink(argv[2]);
	use_client(argv[1], argv[2]);
	use_nobody();
	if (failures == 0)
		std::cout << "all is well\n";
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
