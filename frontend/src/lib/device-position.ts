/** Where this device is, with its accuracy; asked once, when a person wants it. */
import type { LonLat } from "./coordinates";

export interface DevicePosition extends LonLat {
  accuracy_m: number;
}

/** The reason as a key of the texts "position". */
export class NoPosition extends Error {
  override readonly name = "NoPosition";
  readonly textKey: "deviceDenied" | "deviceFailed" | "deviceInsecure";

  constructor(textKey: NoPosition["textKey"]) {
    super(textKey);
    this.textKey = textKey;
  }
}

export function findDevice(): Promise<DevicePosition> {
  return new Promise((resolve, reject) => {
    if (!window.isSecureContext || !navigator.geolocation) {
      reject(new NoPosition("deviceInsecure"));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.max(0.1, coords.accuracy) }),
      (error) => reject(new NoPosition(error.code === error.PERMISSION_DENIED ? "deviceDenied" : "deviceFailed")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 10_000 },
    );
  });
}
