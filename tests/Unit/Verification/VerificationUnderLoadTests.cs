// Verification while everything changes: random calls, random lag, random moments for each step. No key is called wrong that is right,
// and in the end nothing is wrong.
using CsCheck;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Unit.Verification;

public sealed class VerificationUnderLoadTests
{
    private static readonly Gen<VerifyFault?> Fault = Gen.OneOf(
        Gen.Const((VerifyFault?)null), Gen.Enum<VerifyFault>().Select(fault => (VerifyFault?)fault));

    [Fact]
    public void Random_faults_under_random_load_are_repaired_and_nothing_else_is_touched() =>
        Gen.Select(Fault, Gen.Int, Gen.Int[1, 5], Gen.Int[0, 12]).Sample((fault, seed, keysPerRequest, lag) =>
        {
            var run = new Run(seed, keysPerRequest, lag);
            run.Load(120);
            run.Standby.ApplyAll();
            var damaged = run.Inject(fault);
            run.VerifyUnderLoad();
            run.VerifyUnderLoad();
            run.Settle();
            Assert.All(run.Standby.Repaired, repaired => Assert.Contains(repaired.Key, damaged));
            if (fault is null)
                Assert.Equal(0, run.Standby.Requests);
            run.Standby.MustEqualTheHealthyOne();
            Assert.True(run.Standby.Verdict.IsClean);
        }, iter: 300);

    private sealed class Run
    {
        private readonly Random _random;
        private readonly int _lag;
        private readonly TestPrimary _primary = new();
        private readonly HashSet<ObjectKey> _untouchable = [];
        private readonly HashSet<ObjectKey> _different = [];
        private readonly Queue<VerificationResponse> _underWay = new();

        public Run(int seed, int keysPerRequest, int lag)
        {
            (_random, _lag) = (new Random(seed), lag);
            Standby = new VerifyingStandby(_primary, new DrillDownSettings(keysPerRequest, 10_000));
        }

        public VerifyingStandby Standby { get; }

        public void Load(int calls)
        {
            for (; calls > 0; calls--)
                Call();
            _primary.CommitAll();
        }

        /// <summary>
        /// The keys that are wrong now. The load keeps away from those that only one of the two has: their next entry would stop the
        /// Standby.
        /// </summary>
        public HashSet<ObjectKey> Inject(VerifyFault? fault)
        {
            if (fault is null)
                return [];
            FaultInjection.Inject(Standby.State, fault.Value, 1);
            for (var number = 0; number < 40; number++)
            {
                var key = ObjectKey.From($"k{number}");
                var (here, there) = (Standby.State.Find(key), _primary.Standby.Find(key));
                if ((here is null) != (there is null))
                    _untouchable.Add(key);
                else if (here is not null && Standby.State.ChecksumOf(here) != _primary.Standby.ChecksumOf(there!))
                    _different.Add(key);
            }

            return [.. _untouchable, .. _different, ObjectKey.From("invented-0")];
        }

        public void VerifyUnderLoad()
        {
            _primary.MarkVerificationPoint();
            for (var steps = 0; steps < 60; steps++)
            {
                Call();
                if (_random.Next(2) == 0)
                    _primary.Commit(_random.Next(_primary.Pending + 1));
                if (_random.Next(3) == 0 && Standby.Ask() is { } answer)
                    _underWay.Enqueue(answer);
                Standby.Apply(Math.Max(0, Standby.Lag - _random.Next(_lag + 1)));
                if (_random.Next(3) == 0 && _underWay.TryDequeue(out var late))
                    Standby.Deliver(late);
            }
        }

        public void Settle()
        {
            _primary.CommitAll();
            for (var left = 5; left > 0 && (Standby.Verify() is not null || !Standby.Verdict.IsClean); left--)
            {
            }
        }

        private void Call()
        {
            var name = $"k{_random.Next(40)}";
            if (_untouchable.Contains(ObjectKey.From(name)))
                return;
            switch (_random.Next(7))
            {
                case 0 or 1:
                    _primary.PutStart(name, on: _random.Next(2) == 0 ? [1] : [1, 2]);
                    break;
                case 2 or 3:
                    _primary.PutEnd(name, checksum: (ulong)_random.Next());
                    break;
                case 4:
                    _primary.Remove(name, force: true);
                    break;
                case 5:
                    _primary.Upsert(name);
                    break;
                default:
                    _primary.PutRevoke(name);
                    break;
            }
        }
    }
}
