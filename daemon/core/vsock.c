/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vsock(7). The header of the kernel wants <sys/socket.h> before it. */
#include <errno.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include "cleanup.h"
#include "vsock.h"

/* Ports that only a process with CAP_NET_BIND_SERVICE may have: the kernel's LAST_RESERVED_PORT. */
#define PRIVILEGED_MAX 1023u

static int option(int fd, int name)
{
	int value;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -errno : value;
}

int vsock_listen(uint32_t port, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port };

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int vsock_listens(int fd, uint32_t *ret_port)
{
	struct sockaddr_vm address = { 0 };
	socklen_t size = sizeof(address);

	if (option(fd, SO_DOMAIN) != AF_VSOCK || option(fd, SO_TYPE) != SOCK_STREAM || option(fd, SO_ACCEPTCONN) != 1)
		return -ENOTSOCK;
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	*ret_port = address.svm_port;
	return 0;
}

int vsock_peer(int fd, uint32_t *ret_cid, bool *ret_privileged)
{
	struct sockaddr_vm address = { 0 };
	socklen_t size = sizeof(address);
	int domain = option(fd, SO_DOMAIN);

	if (domain != AF_VSOCK)
		return domain < 0 ? domain : -ENODATA;
	if (getpeername(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	if (size < sizeof(address) || address.svm_family != AF_VSOCK || address.svm_cid == VMADDR_CID_ANY)
		return -EPROTO;
	*ret_cid = address.svm_cid;
	*ret_privileged = address.svm_port <= PRIVILEGED_MAX;
	return 0;
}
