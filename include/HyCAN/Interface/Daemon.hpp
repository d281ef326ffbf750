/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * HyCAN::DaemonClient with the names and signatures of HyCAN's C++ library, on top of libhycan-client.
 *
 * A program written for that library compiles and runs unchanged; it is to be linked with libhycan-client. C++17. The
 * daemon itself is a program of its own now, hycan_daemon(8), so there is no class for it.
 */
#ifndef HYCAN_INTERFACE_DAEMON_HPP
#define HYCAN_INTERFACE_DAEMON_HPP

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <hycan/client.h>
#include <hycan/operations.h>

#include <HyCAN/Util/Error.hpp>

namespace HyCAN
{

/** Operations of the classic protocol. */
enum class DaemonOperation : std::uint8_t {
	CREATE_VCAN = 1,
	INTERFACE_UP = 2,
	INTERFACE_DOWN = 3,
};

/**
 * Asks the daemon to make links and to set them up and down.
 *
 * It connects when it is first asked, and again when the daemon was restarted. One object may be used by several
 * threads, which then wait for each other; copies share the connection.
 */
class DaemonClient
{
      public:
	/** Uses the daemon at that socket; with an empty path the one that hycan_open() finds. */
	explicit DaemonClient(std::string socket_path = {}) : connection(std::make_shared<Connection>(std::move(socket_path)))
	{
	}

	/** Creates a virtual CAN link; one that is there already is a success. */
	tl::expected<void, Error> create_vcan_interface(std::string_view interface_name) noexcept
	{
		return ask(interface_name, ErrorCode::RtnlLinkAddError, [](struct hycan *h, const char *name) {
			const int r = hycan_vcan_create(h, name, nullptr, nullptr);

			/* a link of another kind is taken as it is */
			return r == HYCAN_REFUSAL_EXISTS ? 0 : r;
		});
	}

	/** Sets a link up. */
	tl::expected<void, Error> set_interface_up(std::string_view interface_name) noexcept
	{
		return ask(interface_name, ErrorCode::NetlinkBringUpError, hycan_link_up);
	}

	/** Sets a link down. */
	tl::expected<void, Error> set_interface_down(std::string_view interface_name) noexcept
	{
		return ask(interface_name, ErrorCode::NetlinkBringDownError, hycan_link_down);
	}

	/** Whether there is a link of that name. */
	tl::expected<bool, Error> interface_exists(std::string_view interface_name) noexcept
	{
		bool exists = false;

		return look(interface_name, [&exists](bool found, bool) { exists = found; }).map([&exists] { return exists; });
	}

	/** Whether a link is administratively up. One that does not exist is not. */
	tl::expected<bool, Error> interface_is_up(std::string_view interface_name) noexcept
	{
		bool is_up = false;

		return look(interface_name, [&is_up](bool, bool up) { is_up = up; }).map([&is_up] { return is_up; });
	}

      private:
	struct Connection {
		explicit Connection(std::string socket_path) : path(std::move(socket_path))
		{
		}

		Connection(const Connection &) = delete;
		Connection &operator=(const Connection &) = delete;

		~Connection()
		{
			hycan_close(h);
		}

		std::mutex mutex;
		std::string path;
		struct hycan *h = nullptr;
	};

	/* A refusal is the operation's own error, but where it has a code that says more. */
	static Error error(int result, ErrorCode refused, const char *message)
	{
		if (result < 0)
			return Error(ErrorCode::NetlinkConnectError, message);
		return Error(result == HYCAN_REFUSAL_NOT_FOUND ? ErrorCode::NetlinkInterfaceNotFound : refused, message);
	}

	template <typename Function>
	tl::expected<void, Error> ask(std::string_view interface_name, ErrorCode refused, Function function) noexcept
	{
		const std::string name(interface_name);
		const std::lock_guard<std::mutex> lock(connection->mutex);
		int r = 0;

		/* a connection that could not be opened tells why, and is tried again by the request */
		if (!connection->h)
			r = hycan_open(&connection->h, connection->path.empty() ? nullptr : connection->path.c_str());
		if (!connection->h)
			return tl::unexpected<Error>(Error(ErrorCode::NetlinkSocketNotInitialized, hycan_error_message(nullptr)));
		if (r == 0)
			r = function(connection->h, name.c_str());
		if (r == 0)
			return {};
		return tl::unexpected<Error>(error(r, refused, hycan_error_message(connection->h)));
	}

	template <typename Function> tl::expected<void, Error> look(std::string_view interface_name, Function found) noexcept
	{
		return ask(interface_name, ErrorCode::VCANCheckingError, [&found](struct hycan *h, const char *name) {
			struct hycan_link link = {};
			const int r = hycan_link_get(h, name, &link);

			if (r != 0 && r != HYCAN_REFUSAL_NOT_FOUND)
				return r;
			found(r == 0, r == 0 && link.up);
			return 0;
		});
	}

	std::shared_ptr<Connection> connection;
};

} // namespace HyCAN

#endif
