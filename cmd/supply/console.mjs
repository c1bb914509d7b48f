// Build the console into web/dist, and print by which Node, and where the packages lie
// whose code is in it.
import { build } from "vite";

const { output } = await build({ logLevel: "warn" });
const modules = output.flatMap((file) => Object.entries(file.modules ?? {}));
const used = modules.filter(([, module]) => module.renderedLength > 0).map(([path]) => path);
const folders = used.map((path) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
console.log(JSON.stringify({ node: process.version, folders: [...new Set(folders.filter(Boolean))] }));
