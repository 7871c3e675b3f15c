import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { utils, type SFTPWrapper } from "ssh2";

const { STATUS_CODE } = utils.sftp;

/** The part of SFTP that a copy needs, on the real file system: stat, mkdir, open, write, close. */
export function serveFiles(sftp: SFTPWrapper): void {
  const attempt = (request: number, work: () => void): void => {
    try {
      work();
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      sftp.status(request, isMissing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE, String(error));
    }
  };
  const done = (request: number): void => sftp.status(request, STATUS_CODE.OK);
  const stat = (request: number, path: string): void =>
    attempt(request, () => {
      const { mode, uid, gid, size, atimeMs, mtimeMs } = statSync(path);
      sftp.attrs(request, { mode, uid, gid, size, atime: atimeMs / 1000, mtime: mtimeMs / 1000 });
    });
  const handle = (file: number): Buffer => Buffer.from([file]);

  sftp.on("STAT", stat).on("LSTAT", stat);
  sftp.on("MKDIR", (request, path) => attempt(request, () => (mkdirSync(path), done(request))));
  sftp.on("OPEN", (request, path) =>
    attempt(request, () => sftp.handle(request, handle(openSync(path, "w")))),
  );
  sftp.on("WRITE", (request, file, offset, data) =>
    attempt(request, () => (writeSync(file[0] as number, data, 0, data.length, offset), done(request))),
  );
  sftp.on("FSETSTAT", done).on("SETSTAT", done);
  sftp.on("CLOSE", (request, file) => attempt(request, () => (closeSync(file[0] as number), done(request))));
}
