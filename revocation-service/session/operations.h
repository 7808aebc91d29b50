#ifndef SIGNET_SERVICE_SESSION_OPERATIONS_H_
#define SIGNET_SERVICE_SESSION_OPERATIONS_H_

#include <memory>
#include <utility>

#include "revocation-service/session/store_core.h"

// Private to SessionStore: its asynchronous operations.
namespace signet::service {

// An Operation reads, decides, submits one conditional batch, and starts over
// if another request was faster. It lives until it has called back.
class Operation : public std::enable_shared_from_this<Operation> {
 public:
  virtual ~Operation() = default;

  void Start() { Attempt(); }

 protected:
  Operation(std::shared_ptr<StoreCore> core, Origin origin,
            const ClientLimits& own = {})
      : core_(std::move(core)),
        limits_(own.Over(core_->limits())),
        registers_(own.status_list),
        format_(own.access_format),
        origin_(std::move(origin)) {}

  // Attempt reads and decides from the start, and calls Submit or Fail or
  // answers at once.
  virtual void Attempt() = 0;
  virtual void Succeed(const Committed& committed) = 0;
  virtual void Fail(Error error) = 0;

  // Submit commits the batch and the audit lines told since the last.
  void Submit(Batch batch, bool urgent);
  StoreCore& core() const { return *core_; }
  const SessionLimits& limits() const { return limits_; }
  const Origin& origin() const { return origin_; }

  // Register gives the grant its access token's format, and adds to the batch
  // the record by which that token is found in a status list, if the client
  // has them. kUnavailable if the token could not be made.
  Status Register(Time now, Grant& grant, Batch& batch);

  // Tell audits what the batch of this attempt does, if that is wanted.
  void Tell(AuditLine line);
  void TellSession(AuditEvent event, const Session& session, Time now,
                   std::string reason);

 private:
  // A conflict means that somebody else's commit went through, so all
  // together always get on; who loses this often should ask again later.
  static constexpr int kMaxConflicts = 16;

  void OnResult(Result<Committed> result);
  Status AddToStatusList(Time now, Grant& grant, Batch& batch);

  const std::shared_ptr<StoreCore> core_;
  const SessionLimits limits_;
  const bool registers_;
  const std::optional<KeyFormat> format_;
  const Origin origin_;
  std::vector<LedgerLine> lines_;
  int conflicts_ = 0;
};

using RevokedCallback = std::function<void(Result<Revoked>)>;

void StartExchange(std::shared_ptr<StoreCore> core, ExchangeRequest request,
                   std::function<void(ExchangeResult)> done);
void StartOpen(std::shared_ptr<StoreCore> core, OpenRequest request,
               std::function<void(Result<Grant>)> done);
// ValidateChange and ValidateStepUp hold changes to the rules of Open.
Status ValidateChange(const SessionChange& change);
Status ValidateStepUp(const StepUpRequest& request);

void StartChange(std::shared_ptr<StoreCore> core, const SessionId& id,
                 SessionChange change,
                 std::function<void(Result<Session>)> done);
void StartStepUp(std::shared_ptr<StoreCore> core, StepUpRequest request,
                 std::function<void(Result<Grant>)> done);
void StartEnd(std::shared_ptr<StoreCore> core, const SessionId& id, Why why,
              RevokedCallback done);
void StartEndOthers(std::shared_ptr<StoreCore> core, std::string subject,
                    const SessionId& except, Origin actor,
                    RevokedCallback done);
void StartRevoke(std::shared_ptr<StoreCore> core, NewRevocation request,
                 RevokedCallback done);

}  // namespace signet::service

#endif  // SIGNET_SERVICE_SESSION_OPERATIONS_H_
