/*
 * _fuseops: what pyfuse3 lacks, added to the operations that it gives to libfuse.
 *
 * pyfuse3 tells its read and write handlers the file handle alone, and that is 0 for every
 * file once the kernel has stopped sending open. It also has no handler for ioctl.
 *
 * This module defines fuse_session_new. Loaded with RTLD_GLOBAL before pyfuse3, it comes
 * first where the dynamic linker looks for that name on behalf of pyfuse3. It changes a copy
 * of the operations and calls libfuse's own fuse_session_new with it. See spec/fuseops.md.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <errno.h>
#include <linux/ioctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FUSE_USE_VERSION 35 /* the first in which ioctl's command is unsigned */
/*
 * Both entry points are defined here whatever version the headers are of, since pyfuse3 may
 * have been built with another. Keep the headers' own declarations out of the way: the newer
 * call is absent before libfuse 3.17, where the older one becomes a macro.
 */
#define fuse_session_new_versioned declared_fuse_session_new_versioned
#include <fuse_lowlevel.h>
#undef fuse_session_new_versioned
#undef fuse_session_new

#define ALLOCINFO_IOC_BASE 0xA6

struct libfuse_version;

typedef struct fuse_session *new_session(struct fuse_args *, const struct fuse_lowlevel_ops *,
					 size_t, void *);
typedef struct fuse_session *new_session_versioned(struct fuse_args *,
						   const struct fuse_lowlevel_ops *, size_t,
						   struct libfuse_version *, void *);

static struct fuse_lowlevel_ops original; /* as pyfuse3 gave them */
static bool active;			  /* a session was made through this module */
static PyObject *ioctl_handler;

/* Without open, the inode number takes the place of the file handle. */
static void identify(fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (fi->fh == 0)
		fi->fh = ino;
}

static void read_identified(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			    struct fuse_file_info *fi)
{
	identify(ino, fi);
	original.read(req, ino, size, off, fi);
}

/* pyfuse3 has a write handler too; libfuse calls that only where there is no write_buf. */
static void write_identified(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *bufv, off_t off,
			     struct fuse_file_info *fi)
{
	identify(ino, fi);
	original.write_buf(req, ino, bufv, off, fi);
}

/* Send what the handler returned: the bytes for the ioctl's argument, or an error number. */
static bool reply(fuse_req_t req, PyObject *returned, size_t room)
{
	char *data;
	Py_ssize_t size;

	if (PyLong_Check(returned)) {
		int error = (int)PyLong_AsLong(returned);

		if (!PyErr_Occurred())
			fuse_reply_err(req, error);
		return !PyErr_Occurred();
	}
	if (PyBytes_AsStringAndSize(returned, &data, &size) < 0)
		return false;
	if ((size_t)size > room) {
		PyErr_Format(PyExc_ValueError, "%zd bytes for an ioctl that takes %zu", size, room);
		return false;
	}
	fuse_reply_ioctl(req, 0, data, (size_t)size);
	return true;
}

/* An exception is a bug in the handler: report it, as nobody up the stack can catch it. */
static void call_handler(fuse_req_t req, fuse_ino_t ino, uint64_t fh, unsigned cmd,
			 const void *in, size_t in_size, size_t room)
{
	PyObject *returned = PyObject_CallFunction(ioctl_handler, "KKIy#", (unsigned long long)ino,
						   (unsigned long long)fh, cmd, in ? in : "",
						   (Py_ssize_t)in_size);

	if (!returned || !reply(req, returned, room)) {
		PyErr_WriteUnraisable(ioctl_handler);
		fuse_reply_err(req, EIO);
	}
	Py_XDECREF(returned);
}

/* Go to Python for allocinfo's type alone: open() in Python asks each file if it is a terminal. */
static void answer_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
			 struct fuse_file_info *fi, unsigned flags, const void *in,
			 size_t in_size, size_t room)
{
	PyGILState_STATE gil;

	(void)arg;
	if (_IOC_TYPE(cmd) != ALLOCINFO_IOC_BASE || flags & FUSE_IOCTL_DIR) {
		fuse_reply_err(req, ENOTTY);
		return;
	}
	gil = PyGILState_Ensure();
	if (ioctl_handler)
		call_handler(req, ino, fi->fh, cmd, in, in_size, room);
	else
		fuse_reply_err(req, ENOTTY);
	PyGILState_Release(gil);
}

/*
 * Copy pyfuse3's operations and change the copy. Either side's struct may be the longer one:
 * pyfuse3's operations beyond ours are kept, those it does not know are NULL. *size becomes
 * no larger than it has to be, so that libfuse does not take itself for too old.
 */
static struct fuse_lowlevel_ops *extend(const struct fuse_lowlevel_ops *ops, size_t *size)
{
	const size_t through_ioctl = offsetof(struct fuse_lowlevel_ops, ioctl) + sizeof(ops->ioctl);
	struct fuse_lowlevel_ops *copy;

	copy = calloc(1, *size > sizeof(*copy) ? *size : sizeof(*copy));
	if (!copy)
		return NULL;
	memcpy(copy, ops, *size);
	/* From 3.17 on libfuse's own fuse_session_new calls our fuse_session_new_versioned. */
	if (copy->ioctl == answer_ioctl)
		return copy;
	if (*size < through_ioctl)
		*size = through_ioctl;
	original = *copy;
	if (copy->read)
		copy->read = read_identified;
	if (copy->write_buf)
		copy->write_buf = write_identified;
	copy->ioctl = answer_ioctl;
	active = true;
	return copy;
}

struct fuse_session *fuse_session_new(struct fuse_args *args, const struct fuse_lowlevel_ops *ops,
				      size_t size, void *userdata)
{
	new_session *next = (new_session *)dlsym(RTLD_NEXT, "fuse_session_new");
	struct fuse_lowlevel_ops *extended = extend(ops, &size);
	struct fuse_session *session = NULL;

	if (next && extended)
		session = next(args, extended, size, userdata);
	free(extended); /* libfuse has a copy */
	return session;
}

struct fuse_session *fuse_session_new_versioned(struct fuse_args *args,
						const struct fuse_lowlevel_ops *ops, size_t size,
						struct libfuse_version *version, void *userdata)
{
	new_session_versioned *next =
		(new_session_versioned *)dlsym(RTLD_NEXT, "fuse_session_new_versioned");
	struct fuse_lowlevel_ops *extended = extend(ops, &size);
	struct fuse_session *session = NULL;

	if (next && extended)
		session = next(args, extended, size, version, userdata);
	free(extended);
	return session;
}

static PyObject *set_ioctl(PyObject *module, PyObject *handler)
{
	(void)module;
	Py_INCREF(handler);
	Py_XSETREF(ioctl_handler, handler);
	Py_RETURN_NONE;
}

static PyObject *is_active(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyBool_FromLong(active);
}

static PyMethodDef functions[] = {
	{"set_ioctl", set_ioctl, METH_O,
	 "Register what answers the ioctls of type 0xA6.\n\n"
	 "It is called with inode, file handle, command and the argument's bytes, and returns\n"
	 "the bytes that the argument becomes, or an error number."},
	{"active", is_active, METH_NOARGS,
	 "Tell whether a session was made with the operations of this module."},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT, "_fuseops", "What pyfuse3 lacks.", -1, functions,
	NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__fuseops(void)
{
	return PyModule_Create(&definition);
}
