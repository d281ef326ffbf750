/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The schema as data: what every operation takes and answers, for programs that work with any operation.
 *
 * hycanctl is written with nothing but this; so can a binding for another language be. Everything here is constant and
 * lives as long as the library.
 */
#ifndef HYCAN_SCHEMA_H
#define HYCAN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a field holds, and so its member in C and its payload on the wire. */
enum hycan_type {
	HYCAN_TYPE_BOOL,           /**< bool; one byte, 0 or 1 */
	HYCAN_TYPE_UNSIGNED,       /**< uint8_t … uint64_t by size; host byte order */
	HYCAN_TYPE_SIGNED,         /**< int32_t; host byte order */
	HYCAN_TYPE_ENUM,           /**< an enum of four bytes in C; size bytes on the wire */
	HYCAN_TYPE_PORT,           /**< uint16_t, not 0; host byte order */
	HYCAN_TYPE_PORT_RANGE,     /**< struct hycan_port_range; first and last, two bytes each, host byte order */
	HYCAN_TYPE_TABLE,          /**< uint32_t: a routing table */
	HYCAN_TYPE_PERMILLE,       /**< uint32_t: thousandths */
	HYCAN_TYPE_IFNAME,         /**< char[16]; text with its terminating zero byte */
	HYCAN_TYPE_STRING,         /**< char[]; text with its terminating zero byte */
	HYCAN_TYPE_BYTES,          /**< uint8_t[] */
	HYCAN_TYPE_KEY,            /**< struct hycan_key; 32 bytes */
	HYCAN_TYPE_MAC,            /**< struct hycan_mac; 6 bytes */
	HYCAN_TYPE_ADDRESS,        /**< struct hycan_address; 4 or 16 bytes, network byte order */
	HYCAN_TYPE_PREFIX,         /**< struct hycan_prefix, a network; length, three zero bytes, address */
	HYCAN_TYPE_ADDRESS_PREFIX, /**< struct hycan_prefix, an address in its network; as PREFIX */
	HYCAN_TYPE_ENDPOINT,       /**< struct hycan_endpoint; struct sockaddr_in or sockaddr_in6 */
	HYCAN_TYPE_FD,             /**< int; four bytes: position among the descriptors sent with the frame */
	HYCAN_TYPE_PAYLOAD,        /**< struct hycan_payload; the attributes of another message */
	HYCAN_TYPE_STRUCT,         /**< a structure of the schema; its fields as nested attributes */
};

/** Properties of a field, in hycan_field.flags. */
enum {
	HYCAN_FIELD_OPTIONAL = 1, /**< may be absent: the bool at has_offset tells */
	HYCAN_FIELD_LIST = 2,     /**< any number: a pointer at offset, a size_t at count_offset; an attribute for each */
	HYCAN_FIELD_SECRET = 4,   /**< key material: never shown, wiped after use */
	HYCAN_FIELD_POLICY = 8,   /**< policy looks at it */
	HYCAN_FIELD_RANGE = 16,   /**< low and high hold */
};

/** A name for a number. */
struct hycan_enumerator {
	const char *name;    /**< as people write it: “802.1ad” */
	uint32_t number;     /**< its number in C and on the wire */
	const char *summary; /**< what it means */
};

/** The names of an enum. */
struct hycan_enumeration {
	const char *name;                          /**< name of the enum in the schema */
	const struct hycan_enumerator *enumerator; /**< its names */
	size_t n_enumerators;                      /**< how many */
};

struct hycan_structure;

/** A field of an operation's request or answer, or of a structure. */
struct hycan_field {
	const char *name;                            /**< as in the schema */
	const char *type_name;                       /**< its type as the schema writes it */
	const char *summary;                         /**< what it means, its unit, its source */
	const char *default_text;                    /**< value of an absent field, with “{field}” for another's; or NULL */
	const struct hycan_enumeration *enumeration; /**< for HYCAN_TYPE_ENUM */
	const struct hycan_structure *structure;     /**< for HYCAN_TYPE_STRUCT */
	uint64_t low;                                /**< smallest value, with HYCAN_FIELD_RANGE */
	uint64_t high;                               /**< largest value, with HYCAN_FIELD_RANGE */
	uint64_t default_number;                     /**< for numbers with a default_text: the same as a number */
	enum hycan_type type;                        /**< what it holds */
	uint16_t number;                             /**< attribute type on the wire */
	uint16_t flags;                              /**< HYCAN_FIELD_… */
	uint32_t wire_size;    /**< bytes of payload, where that is fixed; of text: the most, without the zero */
	uint32_t size;         /**< bytes of one value in C */
	uint32_t offset;       /**< of the value, or of the pointer to the first of a list */
	uint32_t has_offset;   /**< of the bool, with HYCAN_FIELD_OPTIONAL */
	uint32_t count_offset; /**< of the number of values, with HYCAN_FIELD_LIST */
};

/** Fields that belong together: a struct of the schema, a request, or an answer. */
struct hycan_structure {
	const char *name;                /**< as in the schema */
	const struct hycan_field *field; /**< its fields; number i + 1 stands at i */
	uint16_t n_fields;               /**< how many */
	bool has_lists;                  /**< a list is in it, at any depth */
	bool has_secrets;                /**< key material is in it, at any depth */
	bool derives;                    /**< a default is made of other fields: “{parent}.{vlan_id}” */
	uint32_t size;                   /**< bytes in C */
	uint64_t required;               /**< fields that must be there: bit 1 << number */
	const void *blank;               /**< size bytes: a request with none of its fields, but defaults; NULL: zeros */
};

/** Who may ask. */
enum hycan_access {
	HYCAN_ACCESS_OPEN,  /**< everybody who may connect */
	HYCAN_ACCESS_READ,  /**< reads */
	HYCAN_ACCESS_WRITE, /**< changes something */
};

/** Where an operation is carried out. */
enum hycan_runs {
	HYCAN_RUNS_LOOP, /**< touches no kernel state */
	HYCAN_RUNS_FAST, /**< asks the kernel, which answers at once */
	HYCAN_RUNS_SLOW, /**< asks the kernel, which may take its time */
};

/** An operation. */
struct hycan_operation {
	const char *name;                      /**< family.verb */
	const char *policy_class;              /**< the word of its family in policy */
	const char *summary;                   /**< what it does */
	const struct hycan_structure *request; /**< what it takes */
	const struct hycan_structure *reply;   /**< what it answers; of a list: each answer */
	uint16_t number;                       /**< nlmsg_type on the wire */
	uint16_t index;                        /**< position among all operations */
	bool list;                             /**< answers many times */
	bool stream;                           /**< a list that goes on until the client ends it */
	enum hycan_access access;              /**< who may ask */
	enum hycan_runs runs;                  /**< where it is carried out */
};

/** All operations in the order of their numbers. */
const struct hycan_operation *const *hycan_operations(size_t *ret_n);

/** The operation of that name (“vlan.create”), or NULL. */
const struct hycan_operation *hycan_operation_by_name(const char *name);

/** The operation with that number, or NULL. */
const struct hycan_operation *hycan_operation_by_number(uint16_t number);

/**
 * Reads one value of a field from text, in the form of ip(8) and wg(8): “on”, “802.1ad”, “10.0.0.0/8”, “0x10”.
 *
 * Texts, numbers, enums and values alone: no structures, no descriptors.
 * @param value  where it goes: field->size bytes
 * @param reason why not, on failure: a clause such as “is not an address”
 * Returns 0, or -EINVAL.
 */
int hycan_value_parse(const struct hycan_field *field, const char *text, void *value, char *reason, size_t reason_size);

/** Writes one value of a field as text; of a secret “(hidden)”. Returns @p text. */
const char *hycan_value_format(const struct hycan_field *field, const void *value, char *text, size_t size);

/** The name of a number in an enumeration (“802.1ad”), or NULL: a version of the schema that is newer than this one. */
const char *hycan_enumerator_name(const struct hycan_enumeration *enumeration, uint64_t number);

/** The number in a value of type bool, enum, port, table, permille, signed or unsigned. */
uint64_t hycan_value_number(const struct hycan_field *field, const void *value);

#ifdef __cplusplus
}
#endif

#endif
