/** @module Moves the servers to an image and a model: the image on every machine first, then the model; both go back if one fails. */
import { asError } from "../../../../src/errors/index";
import { type HostDocument, runDocument } from "./hosts";
import { recordedImages } from "./status";

/** Images of the server and of the machines' tools, each as `NAME/REPOSITORY@sha256:DIGEST`. */
interface ServerImages {
  readonly image: string;
  readonly tools: string;
}

/**
 * Starts the images, then has the servers use a released model, which may need the new image. A machine that fails goes back by
 * itself; what other machines have taken by then is taken back here.
 * @returns what the machines said
 * @throws {Error} with what failed, and with what the servers have gone back to
 */
export async function moveServers(name: string, images: ServerImages, model: string): Promise<string> {
  const before = await imagesBefore(name);
  let started = "";
  try {
    started = await runDocument(name, "deploy", { ...images });
    return `${started}\n${await runDocument(name, "model", { model })}`;
  } catch (error) {
    const { message } = asError(error);
    const undone: string[] = [];
    const goBackTo = async (what: string, document: HostDocument, parameters: Readonly<Record<string, string>>) => {
      const outcome = await runDocument(name, document, parameters).catch(asError);
      undone.push(outcome instanceof Error ? `Not back to ${what}: ${outcome.message}` : `Back to ${what}.`);
    };
    // The model first: the new image reads both models, the image before perhaps only its own.
    const modelBefore = modelBeforeIn(message, model);
    if (modelBefore) await goBackTo(`the model ${modelBefore}`, "model", { model: modelBefore });
    const isNewSomewhere = started !== "" || / Success$/m.test(message);
    if (isNewSomewhere && before && before.image !== images.image) {
      await goBackTo(before.image, "deploy", { ...before });
    }
    throw new Error([message, ...undone].join("\n"));
  }
}

/** The images that are recorded as running; undefined before there are some. */
async function imagesBefore(name: string): Promise<ServerImages | undefined> {
  const recorded = await recordedImages(name);
  // The documents take images without the registry.
  const [image, tools] = ["image", "tools"].map((key) => recorded[`/${name}/server/${key}`]?.replace(/^[^/]*\//, ""));
  return image && tools ? { image, tools } : undefined;
}

/** The model before, as `model.sh` has said it on some machine; undefined if that was the same one, or none. */
function modelBeforeIn(said: string, model: string): string | undefined {
  const names = [...said.matchAll(/^model before: releases\/(\S+)$/gm)].map(([, name]) => name);
  return names.find((name) => name !== model);
}
