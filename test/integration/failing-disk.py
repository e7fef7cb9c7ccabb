"""A file system as a folder, each write of which fails with EIO while a file exists:
failing-disk.py FOLDER MOUNTPOINT FILE. It ends with its mount. Uses fusepy (Debian: python3-fusepy)."""
import errno
import os
import sys

from fusepy import FUSE, FuseOSError, Operations

root, mount_point, broken = sys.argv[1:]


class FailingDisk(Operations):
    def __call__(self, operation, path, *rest):
        return super().__call__(operation, root + path, *rest)

    def _works(self):
        if os.path.exists(broken):
            raise FuseOSError(errno.EIO)

    def getattr(self, path, fh=None):
        found = os.lstat(path)
        names = ('st_atime', 'st_ctime', 'st_gid', 'st_mode', 'st_mtime', 'st_nlink', 'st_size', 'st_uid', 'st_blocks')
        return {name: getattr(found, name) for name in names}

    def readdir(self, path, fh):
        return ['.', '..', *os.listdir(path)]

    def statfs(self, path):
        found = os.statvfs(path)
        names = ('f_bavail', 'f_bfree', 'f_blocks', 'f_bsize', 'f_favail', 'f_ffree', 'f_files', 'f_flag', 'f_frsize', 'f_namemax')
        return {name: getattr(found, name) for name in names}

    def readlink(self, path):
        return os.readlink(path)

    def open(self, path, flags):
        # The kernel reads before it writes a part of a page.
        return os.open(path, (flags & ~(os.O_WRONLY | os.O_APPEND)) | (os.O_RDWR if flags & 3 else 0))

    def read(self, path, length, offset, fh):
        return os.pread(fh, length, offset)

    def release(self, path, fh):
        os.close(fh)

    def create(self, path, mode, fi=None):
        self._works()
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def write(self, path, data, offset, fh):
        self._works()
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        self._works()
        os.truncate(path, length)

    def fsync(self, path, datasync, fh):
        self._works()
        os.fsync(fh)

    def mkdir(self, path, mode):
        self._works()
        os.mkdir(path, mode)

    def rmdir(self, path):
        self._works()
        os.rmdir(path)

    def unlink(self, path):
        self._works()
        os.unlink(path)

    def symlink(self, path, target):
        self._works()
        os.symlink(target, path)

    def rename(self, old, new):
        self._works()
        os.rename(old, root + new)

    def link(self, new, old):
        self._works()
        os.link(root + old, new)

    def mknod(self, path, mode, device):
        self._works()
        os.mknod(path, mode, device)

    def chmod(self, path, mode):
        self._works()
        os.chmod(path, mode)

    def chown(self, path, user, group):
        self._works()
        os.chown(path, user, group)

    def utimens(self, path, times=None):
        self._works()
        os.utime(path, times)


FUSE(FailingDisk(), mount_point, foreground=True, big_writes=True, attr_timeout=0, entry_timeout=0, fsname='failing-disk')
