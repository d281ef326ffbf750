/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * HyCAN::Netlink with the names and signatures of HyCAN's C++ library: one link, made where it is missing.
 *
 * C++17; to be linked with libhycan-client.
 */
#ifndef HYCAN_INTERFACE_NETLINK_HPP
#define HYCAN_INTERFACE_NETLINK_HPP

#include <stdexcept>
#include <string>
#include <string_view>

#include <HyCAN/Interface/Daemon.hpp>
#include <HyCAN/Util/Error.hpp>

namespace HyCAN
{

/** A link that a program works with. */
class Netlink
{
      public:
	/**
	 * Takes hold of a link. Where there is none of that name it is made, a virtual CAN link; where there is one it is taken
	 * as it is. Throws std::runtime_error with the daemon's sentence where that fails.
	 */
	explicit Netlink(std::string_view interface_name) : name(interface_name)
	{
		const tl::expected<bool, Error> found = exists();
		tl::expected<void, Error> made;

		if (!found)
			throw std::runtime_error(found.error().message);
		if (*found)
			return;
		made = client.create_vcan_interface(name);
		if (!made)
			throw std::runtime_error(made.error().message);
	}

	Netlink() = delete;

	/** Sets the link up. */
	tl::expected<void, Error> up() noexcept
	{
		return client.set_interface_up(name);
	}

	/** Sets the link down. */
	tl::expected<void, Error> down() noexcept
	{
		return client.set_interface_down(name);
	}

	/** Whether the link exists. */
	tl::expected<bool, Error> exists() noexcept
	{
		return client.interface_exists(name);
	}

	/** Whether the link is administratively up. One that does not exist is not. */
	tl::expected<bool, Error> is_up() noexcept
	{
		return client.interface_is_up(name);
	}

      private:
	std::string name;
	DaemonClient client;
};

} // namespace HyCAN

#endif
