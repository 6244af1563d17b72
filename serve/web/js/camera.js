/** @module A picture from the camera, which is on no longer than its panel is seen. */
import { h, middleSquare } from "./dom.js";

/**
 * @param {(image: import("./source.js").Chosen) => void} choose
 * @returns {HTMLElement & {stop: () => void}} `stop` ends the camera, which leaving the view does too
 */
export function camera(choose) {
  const video = h("video", { playsinline: true, muted: true, hidden: true });
  const message = h("p.hint", { role: "status" });
  /** @type {MediaStream | undefined} */
  let stream;
  // Counts starts and stops: who starts the camera may have left before it is there.
  let turn = 0;
  const end = (/** @type {MediaStream | undefined} */ one) => {
    for (const track of one?.getTracks() ?? []) track.stop();
  };
  const stop = () => {
    turn++;
    end(stream);
    stream = undefined;
    video.srcObject = null;
    video.hidden = shoot.hidden = true;
    start.hidden = false;
  };
  const begin = async () => {
    stop();
    const mine = turn;
    try {
      const given = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (mine !== turn) return end(given);
      stream = given;
      video.srcObject = stream;
      await video.play();
      if (mine !== turn) return;
      video.hidden = shoot.hidden = false;
      start.hidden = true;
      message.textContent = "";
    } catch {
      if (mine === turn) message.textContent = "No camera can be used here.";
    }
  };
  const take = () =>
    middleSquare(video, video.videoWidth, video.videoHeight).toBlob((/** @type {Blob | null} */ blob) => {
      if (!blob) return;
      choose({ name: "camera.png", url: URL.createObjectURL(blob), blob });
      stop();
    }, "image/png");
  const start = h("button", { onclick: begin }, "Start the camera");
  const shoot = h("button.primary", { hidden: true, onclick: take }, "Take the picture");
  addEventListener("hashchange", stop);
  const panel = h("div.camera", video, h("div.row", start, shoot), message);
  panel.stop = stop;
  return panel;
}
