#ifndef SIGNET_LIB_SRC_ID_PLACE_H_
#define SIGNET_LIB_SRC_ID_PLACE_H_

#include <cstdint>

namespace signet {

// An IdPlace says where in the tables of a list of revocations an id stands, if
// it stands there. It is a keyed hash, and stays good for as long as the list.
using IdPlace = uint32_t;

}  // namespace signet

#endif  // SIGNET_LIB_SRC_ID_PLACE_H_
