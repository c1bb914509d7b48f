// Lays down what is not compiled: the part of gen/es that the package is about,
// and the licence.
import { copyFileSync, cpSync, rmSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);

rmSync(here("dist"), { recursive: true, force: true });
for (const part of ["fraudactivity/v1", "buf/validate"]) {
  cpSync(here(`../../gen/es/${part}`), here(`dist/gen/${part}`), { recursive: true });
}
copyFileSync(here("../../LICENSE"), here("LICENSE"));
