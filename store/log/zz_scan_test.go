package log_test
import ("testing";"time";"fmt";"github.com/lepusmq/lepus/store/log")
func TestScan(t *testing.T){
 d:=t.TempDir()
 run:=func(label string, fill func(l *log.Log)){
  t0:=time.Now()
  l,err:=log.Open(log.Options{Dir:d}); if err!=nil{t.Fatal(err)}
  t1:=time.Now()
  n:=0
  if err:=l.Replay(from,0,func(log.Record)error{n++;return nil}); err!=nil{t.Fatal(err)}
  t2:=time.Now()
  if err:=l.Start(); err!=nil{t.Fatal(err)}
  t3:=time.Now()
  fmt.Println(label,"open",t1.Sub(t0),"replay",t2.Sub(t1),n,"start",t3.Sub(t2))
  fill(l)
  from=l.End()
  l.Close()
 }
 run("new",func(l *log.Log){ l.Append(1,[]byte("x")); l.Sync() })
 from=0
 run("nearly empty",func(l *log.Log){ for range 180000 {l.Append(1,make([]byte,1024))}; l.Sync(); for range 60000 {l.Append(1,make([]byte,1024))}; l.Sync() })
 from=0
 run("240 MB tail",func(l *log.Log){ for _,s:=range l.Segments(){ if s.End<l.End(){ l.Recycle(s.Seq)}}; for range 70000 {l.Append(1,make([]byte,100))}; l.Sync() })
 run("stale behind",func(l *log.Log){})
}
var from log.Position
