/* error_code.h - the error codes of Maelstrom's protocol that the host itself sends or makes
 * (doc/protocol.md of Maelstrom; all of them: lua/hearsay/errors.lua). */
#ifndef HEARSAY_WIRE_ERROR_CODE_H
#define HEARSAY_WIRE_ERROR_CODE_H

enum error_code {
  ERROR_TIMEOUT = 0, /* indefinite: nobody knows what happened */
  ERROR_NOT_SUPPORTED = 10,
  ERROR_TEMPORARILY_UNAVAILABLE = 11,
  ERROR_MALFORMED_REQUEST = 12,
  ERROR_CRASH = 13, /* indefinite: something broke in the handler */
  ERROR_PRECONDITION_FAILED = 22
};

#endif
