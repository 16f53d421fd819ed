"""The devices that are known: one table each, in the words of `wire.wearable.profile`.

What is `certain` is from the maker's document or program. The rest is from what others wrote of it: `showctl gesture learn`
shows whether it holds for the device at hand. Phones hold their axes as we do (x right, y to the top edge, z out of the screen);
iPhones count acceleration downwards, Android phones upwards.
"""

from __future__ import annotations

from typing import Any

from showctl.wire.wearable.profile import Profile, profile

_SHARED_LINE = "phone and showctl in one network; host: this machine's address, port: that of showctl"

TABLES: dict[str, dict[str, Any]] = {
    "plain": {
        "title": "anything that speaks our own words",
        "rate": 100,
        "certain": True,
        "source": "this project: for boards and bridges that one programs oneself, over OSC or MQTT",
        "connect": "/motion/NAME/imu with acceleration (g) and rate (deg/s), or each by itself; best in bundles with time tags",
        "routes": {
            "/motion/{id}/imu": ["6: acceleration g, rate deg/s", "10: acceleration g, rate deg/s, quaternion wxyz"],
            "/motion/{id}/acceleration": "acceleration g",
            "/motion/{id}/linear": "linear g",
            "/motion/{id}/gravity": "gravity g",
            "/motion/{id}/rate": "rate deg/s",
            "/motion/{id}/quaternion": "quaternion wxyz",
            "/motion/{id}/button": "button",
            "/motion/{id}/buttons": "buttons",
            "/motion/{id}/touch": "touch",
            "/motion/{id}/battery": "battery %",
            "/motion/{id}/signal": "signal dBm",
        },
    },
    "ngimu": {
        "title": "x-io NGIMU",
        "rate": 50,
        "timed": True,
        "certain": True,
        "source": "x-io: NgimuApi (Data, Maths) and its example for Unity, user manual 1.6",
        "connect": "NGIMU GUI, Settings, Wi-Fi: UDP send IP and port; its own default is port 8000",
        "routes": {
            "/sensors": "10: rate deg/s, acceleration g from 4",
            "/quaternion": "quaternion wxyz conjugate",  # it says how the earth lies in the device
            "/linear": "linear g",
            "/battery": "nnnns: battery %, voltage V from 3",
            "/rssi": "2: signal dBm",
            "/button": "0: press",
            "/earth": "3: nothing",
            "/euler": "3: nothing",
            "/matrix": "9: nothing",
            "/magnitudes": "3: nothing",
            "/altitude": "1: nothing",
            "/temperature": "nothing",
            "/humidity": "1: nothing",
            "/analogue": "values",
        },
    },
    "x-osc": {
        "title": "x-io x-OSC",
        "rate": 100,
        "timed": True,
        "source": "x-io: user manual (addresses); the order and units of /imu are as others use it",
        "connect": "its web page, Network: send IP and port 8000; OSC prefix: a name of its own where there are several",
        "routes": {
            "/imu": "9-10: rate deg/s, acceleration g from 4",
            "/{id}/imu": "9-10: rate deg/s, acceleration g from 4",
            "/inputs/analogue": "16: values",
            "/inputs/digital": "16: values",
            "/battery": "1: voltage V",
            "/{id}/inputs/analogue": "16: values",
            "/{id}/inputs/digital": "16: values",
            "/{id}/battery": "1: voltage V",
            "/ping": "nothing",
        },
    },
    "gyrosc": {
        "title": "GyrOSC (iPhone)",
        "rate": 60,
        "source": "programs that receive it (the GRT's example and others); acceleration as the phone's own, without gravity",
        "connect": f"{_SHARED_LINE} (its own: 9999); switch on Rotation Rate, Accel, Gravity, Quaternion",
        "routes": {
            "/gyrosc/rrate": "rate rad/s",
            "/gyrosc/accel": "linear -g",
            "/gyrosc/grav": "gravity -g",
            "/gyrosc/quat": "quaternion wxyz",
            "/gyrosc/button": ["1: button", "2: buttons"],
            "/gyrosc/gyro": "3: nothing",
            "/gyrosc/comp": "nothing",
            "/gyrosc/mag": "nothing",
            "/gyrosc/amp": "nothing",
            "/gyrosc/gps": "nothing",
            "/gyrosc/alt": "nothing",
        },
    },
    "zigsim": {
        "title": "ZIG SIM (iPhone)",
        "rate": 60,
        "certain": True,
        "source": "1-10: ZIG SIM's own pages (motion, touch); signs as iPhones have them, Android's were not at hand",
        "connect": f"{_SHARED_LINE}; Settings: UDP, OSC, 60 messages a second; switch on Accel, Gravity, Gyro, Quaternion, Touch",
        "routes": {
            "/{id}/gyro": "rate rad/s",
            "/{id}/accel": "linear -g",
            "/{id}/gravity": "gravity -g",
            "/{id}/quaternion": "quaternion xyzw",
            **{f"/{{id}}/touch{finger}1": "1: touch" for finger in range(4)},
            **{f"/{{id}}/touch{finger}2": "1: nothing" for finger in range(4)},
            **{f"/{{id}}/touchradius{finger}": "1: nothing" for finger in range(4)},
            **{f"/{{id}}/touchforce{finger}": "1: nothing" for finger in range(4)},
        },
    },
    "sensors2osc": {
        "title": "Sensors2OSC (Android)",
        "rate": 50,
        "certain": True,
        "source": "Sensors2OSC: Parameters.java, OscHandler.java; units as Android's SensorEvent",
        "connect": f"{_SHARED_LINE} (9000 in its examples); Sensor rate: game; Accelerometer, Gyroscope, Game Rotation Vector on",
        "routes": {
            "/accelerometer": "acceleration m/s2",
            "/linearacceleration": "linear m/s2",
            "/gravity": "gravity m/s2",
            "/gyroscope": "rate rad/s",
            "/gamerotationvector": ["3: quaternion xyz", "4-5: quaternion xyzw"],
            "/rotationvector": ["3: quaternion xyz", "4-5: quaternion xyzw"],
            **{f"/touch{finger}": "2-3: touch" for finger in range(1, 11)},
            "/magneticfield": "3: nothing",
            "/orientation": "3: nothing",
        },
    },
    "oschook": {
        "title": "oscHook (Android)",
        "rate": 50,
        "source": "programs that receive it; one number a packet, units as Android's SensorEvent",
        "connect": f"{_SHARED_LINE}; accelerometer raw and rotation vector on, fastest rate",
        "routes": {
            **{f"/accelerometer/raw/{axis}": f"acceleration.{axis} m/s2" for axis in "xyz"},
            **{f"/accelerometer/linear/{axis}": f"linear.{axis} m/s2" for axis in "xyz"},
            **{f"/accelerometer/gravity/{axis}": f"gravity.{axis} m/s2" for axis in "xyz"},
            **{f"/rotation_vector/r{n}": f"quaternion.{axis}" for n, axis in enumerate("xyzw", 1)},
            **{f"/orientation/{angle}": "1: nothing" for angle in ("azimuth", "pitch", "roll")},
            "/light": "1: nothing",
        },
    },
    "m5stick": {
        "title": "M5StickC Plus2, sketch `OSC Motion Streaming`",
        "rate": 200,
        "certain": True,
        "source": "the sketch and its README: /m5/CHANNEL/imu, in the units of the M5 library (g, deg/s)",
        "connect": "in the sketch: network, address of this machine, port; a channel of its own on each stick, by its buttons",
        "routes": {"/m5/{id}/imu": "acceleration g, rate deg/s"},
    },
    "touchosc": {
        "title": "TouchOSC (iPhone)",
        "rate": 50,
        "source": "programs that receive it: /accxyz of the older TouchOSC, in g, downwards as iPhones count",
        "connect": f"{_SHARED_LINE}; the older TouchOSC: Options, Accelerometer. Tilt, roll and energy only",
        "routes": {"/accxyz": "acceleration -g", "/ping": "nothing"},
    },
    "wekinator": {
        "title": "Wekinator",
        "certain": True,
        "source": "Wekinator's instructions: /wek/outputs to port 12000; /output_N of its dynamic time warping",
        "connect": "in Wekinator: output host and port those of showctl; it recognises, showctl acts",
        "routes": {"/wek/outputs": "1-64: values", **{f"/output_{n}": "event" for n in range(1, 17)}},
    },
    "handmate": {
        "title": "Handmate-OSC (camera, MediaPipe)",
        "certain": True,
        "source": "its README: 21 numbers each for x and y of the left and right hand, to port 8080",
        "connect": "bridge.js: port of showctl instead of 8080. A camera sees nothing in the dark or behind a stand",
        "routes": {"/lx": "landmarks", "/ly": "landmarks", "/rx": "landmarks", "/ry": "landmarks"},
    },
    "glover": {
        "title": "Glover (MiMU gloves)",
        "source": "any address can be written in Glover; these two are ours",
        "connect": "Glover, OSC output: showctl's address; events to /glover/event/NAME, movements to /glover/value/NAME",
        "routes": {"/glover/event/{name}": "event", "/glover/value/{name}": "value"},
    },
    "holonist": {
        "title": "Holon.ist, Holonic Source",
        "source": "its manual: what goes where is mapped by the user, below /holonist",
        "connect": "map signals to /holonist/NAME, one number each; for motion a profile of your own, by `showctl gesture learn`",
        "routes": {"/holonist/{name}": "1: value"},
    },
    "genki-wave": {
        "title": "Genki Wave ring, by a bridge",
        "rate": 100,
        "source": "the fields of the package genki-wave, in its order; addresses ours; deg/s and g are as others use it",
        "connect": "a program with the package genki-wave sends /wave/NAME/motion: gyro, acc, current_pose; /wave/NAME/button",
        "routes": {
            "/wave/{id}/motion": "rate deg/s, acceleration g, quaternion wxyz",
            "/wave/{id}/button": "2: buttons",
            "/wave/{id}/tap": "press",
            "/wave/{id}/battery": "battery %",
        },
    },
}

PROFILES: dict[str, Profile] = {name: profile(name, table) for name, table in TABLES.items()}
