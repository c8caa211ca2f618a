// Write one file into another: node transfer.js readFile|copyFile|pipeline FROM TO
const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');
const [kind, from, to] = process.argv.slice(2);

const kinds = {
  readFile: async () => fs.promises.writeFile(to, await fs.promises.readFile(from)),
  copyFile: () => fs.promises.copyFile(from, to),
  pipeline: () => pipeline(fs.createReadStream(from), fs.createWriteStream(to)),
};

kinds[kind]().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
