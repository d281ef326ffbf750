/* SPDX-License-Identifier: BSD-3-Clause */
/* A program as it was written for HyCAN's C++ library. */
#include <HyCAN/Interface/Netlink.hpp>
#include <iostream>

int main()
try {
	HyCAN::Netlink netlink("vcan0");

	netlink.up().map([] { std::cout << "vcan0 is up\n"; }).map_error([](const HyCAN::Error &error) {
		std::cout << error.message << '\n';
	});
	return 0;
} catch (const std::exception &error) {
	std::cout << error.what() << '\n';
	return 1;
}
