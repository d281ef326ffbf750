/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about forwarding have in common. */
#include <errno.h>

#include "forwarding.h"

int forwarding_refuse(struct op *op, enum hycan_family family, const char *link, int r)
{
	const char *ip = family == HYCAN_FAMILY_IPV6 ? "IPv6" : "IPv4";

	switch (r) {
	case -ENODEV:
		return op_refuse_no_link(op, "interface", link);
	case -EOPNOTSUPP:
		if (link)
			return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "interface", "The link “%s” does not carry %s.", link, ip);
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "family", "This kernel has no %s.", ip);
	case -EROFS:
	case -EACCES:
		return op_refuse(op, HYCAN_REFUSAL_KERNEL, NULL,
		                 "The daemon may not write to /proc/sys/net, which is read-only for it: look for "
		                 "ProtectKernelTunables= in its unit, or for how its container mounts /proc/sys.");
	}
	return r;
}
