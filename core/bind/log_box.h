/* log_box.h - what the files that make up hearsay.log share. */
#ifndef HEARSAY_BIND_LOG_BOX_H
#define HEARSAY_BIND_LOG_BOX_H

#include "base/bytes.h"
#include "host/durable.h"
#include "store/log.h"

#include <lauxlib.h>
#include <lua.h>

#define LOG_TYPE "hearsay.log"

/* What log.new and log.open return. */
struct logs {
  const struct log *log;   /* to read; NULL when it was collected */
  struct log *memory;      /* of log.new: the same */
  struct durable *durable; /* of log.open: it has them */
  int is_closed;
  struct bytes text; /* of values that are being encoded: as deep as finalizers run */
};

/* The logs at argument 1, which are open. Raises. */
struct logs *logs_check(lua_State *L);

/* Pushes logs that have nothing yet, neither in memory nor in files. Raises. */
struct logs *logs_push(lua_State *L);

/* Of log_files.c. */
extern const luaL_Reg log_file_methods[];
extern const luaL_Reg log_file_functions[];

#endif
