/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What went wrong, as a program written for HyCAN's C++ library knows it.
 *
 * The first ten codes have the numbers that classic HyCAN daemons put on the wire. Codes for what this library does not do
 * (frames, threads) are here so that a program that names them compiles.
 */
#ifndef HYCAN_UTIL_ERROR_HPP
#define HYCAN_UTIL_ERROR_HPP

#include <string>
#include <utility>

#if defined(__has_include) && !__has_include(<tl/expected.hpp>)
#error "HyCAN's C++ headers need tl::expected: install libexpected-dev (Debian) or libtl-expected-dev (Ubuntu)"
#endif
#include <tl/expected.hpp>

namespace HyCAN
{

/** The kind of an error. */
enum class ErrorCode {
	VCANCheckingError = 0,           /**< a virtual CAN link could not be looked for */
	NlSocketAllocError = 1,          /**< not used here */
	NlConnectError = 2,              /**< not used here */
	RtnlLinkAllocError = 3,          /**< not used here */
	RtnlLinkAddError = 4,            /**< a link could not be made */
	NetlinkSocketNotInitialized = 5, /**< there was no memory for a connection */
	NetlinkConnectError = 6,         /**< the daemon could not be reached, or the connection broke */
	NetlinkInterfaceNotFound = 7,    /**< there is no link of that name */
	NetlinkBringDownError = 8,       /**< a link could not be set down */
	NetlinkBringUpError = 9,         /**< a link could not be set up */
	CANSocketCreateError,
	CANInterfaceIndexError,
	CANSocketBindError,
	CANSocketWriteError,
	CANInvalidSocketError,
	CANFlushError,
	EpollError,
	ReaperStopError,
	MemoryLockError,
	ThreadRealTimeError,
	CPUAffinityError,
	EmptyFuncError,
	FuncCANIdSetError,
	VCANCreationError, /**< not used here: RtnlLinkAddError tells it */
};

/** An error: its kind, and the daemon's sentence. */
struct Error {
	Error(ErrorCode c, std::string text) : code(c), message(std::move(text))
	{
	}

	ErrorCode code;      /**< its kind */
	std::string message; /**< what went wrong, in a sentence */
};

} // namespace HyCAN

#endif
